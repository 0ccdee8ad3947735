import type { Facts } from '#contracts/rejections';
import { serviceOf } from '#contracts/catalog';
import type { SubmittedEvent } from '#contracts/cloudEvent';
import type { Service } from '#contracts/define';
import type { Submission } from '#journal/submission';
import type { Refusal } from '#platform/http/problemError';
import { type Actor, type HeldKey, maySubmitAs, partyOf, type Role } from '#platform/keys/actor';
import { parseSubmission } from './parseSubmission.ts';

/** Who sends events, and what is taken from them. */
export interface Sender {
  readonly key: HeldKey;
  /** The services whose types are taken here. */
  readonly served: readonly Service[];
}

/**
 * Admits an event that is well formed, that is served here, and that this key may submit. Before it is decided, whether the key
 * still may is asked again: the event may have waited for its ledger meanwhile.
 */
export function admit(value: unknown, { key, served }: Sender): Submission | Refusal {
  if (key.refusal !== undefined) return key.refusal;
  const { actor } = key;
  const parsed = parseSubmission(value, served);
  if (!parsed.ok) return parsed.refusal;
  const { event, hash, sentHash } = parsed;
  const mayStill = (): boolean => key.refusal === undefined && whyForbidden(event, key.actor) === undefined;
  const speaksFor = (): string | undefined => partyOf(key.actor);
  return whyForbidden(event, actor) ?? { event, hash, sentHash, actor: actor.name, mayStill, speaksFor };
}

/**
 * Why this key may not submit this event, whatever it says: it lacks the role, or may not use the source. Whether it may say
 * this for its party is decided with the event, because it depends on what the ledger holds then.
 */
function whyForbidden(event: SubmittedEvent, actor: Actor): Refusal | undefined {
  const role = `${serviceOf(event.type)}:write` as Role;
  if (!actor.roles.includes(role)) return forbidden(`${event.type} needs a key with the role ${role}`, { role });
  if (!maySubmitAs(actor, event.source)) {
    const { source } = event;
    return forbidden(`the key ${actor.name} may not submit as ${source}`, { source, sources: actor.sources });
  }
  return undefined;
}

const forbidden = (detail: string, facts: Facts): Refusal => ({
  status: 403,
  code: 'forbidden',
  detail,
  facts,
});
