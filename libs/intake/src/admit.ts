import { serviceOf } from '#contracts/catalog';
import type { SubmittedEvent } from '#contracts/cloudEvent';
import type { Service } from '#contracts/define';
import type { Submission } from '#journal/submission';
import type { Refusal } from '#platform/http/problemError';
import { type Actor, type HeldKey, maySpeakFor, maySubmitAs, type Role } from '#platform/keys/actor';
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
  return whyForbidden(event, actor) ?? { event, hash, sentHash, actor: actor.name, mayStill };
}

/** Why this key may not submit this event: it lacks the role, may not use the source, or does not speak for a swap's `by`. */
function whyForbidden(event: SubmittedEvent, actor: Actor): Refusal | undefined {
  const role = `${serviceOf(event.type)}:write` as Role;
  if (!actor.roles.includes(role)) return forbidden(`${event.type} needs a key with the role ${role}`, { role });
  if (!maySubmitAs(actor, event.source)) {
    const { source } = event;
    return forbidden(`the key ${actor.name} may not submit as ${source}`, { source, sources: actor.sources });
  }
  if (isOfSwap(event) && !maySpeakFor(actor, event.data.by)) {
    const { by } = event.data;
    const { party } = actor;
    return forbidden(`the key ${actor.name} speaks for ${party ?? ''}, not for ${by}`, { party, by });
  }
  return undefined;
}

const forbidden = (detail: string, facts: Readonly<Record<string, unknown>>): Refusal => ({
  status: 403,
  code: 'forbidden',
  detail,
  facts,
});

type SwapEvent = Extract<SubmittedEvent, { data: { swap: string; by: string } }>;
const isOfSwap = (event: SubmittedEvent): event is SwapEvent => serviceOf(event.type) === 'swaps';
