import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Service } from '#contracts/define';
import type { Actor } from '#platform/keys/actor';

/** The services that take events from outside. */
export type WritingService = Exclude<Service, 'ledger'>;

/** A request to take events in, whose sender and ledger are known. */
export interface Asked {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly ledger: string;
  readonly actor: Actor;
  /** The services whose types are taken here. */
  readonly served: readonly Service[];
}
