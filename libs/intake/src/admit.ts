import { type EventType, serviceOf } from '#contracts/catalog';
import type { SubmittedEvent } from '#contracts/cloudEvent';
import type { Service } from '#contracts/define';
import type { Facts } from '#contracts/rejections';
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
  const { event, bytes, hash, sentHash } = parsed;
  const mayStill = (): boolean => key.refusal === undefined && whyForbidden(event, key.actor) === undefined;
  const speaksFor = (): string | undefined => partyOf(key.actor);
  const submission = { event, bytes, hash, sentHash, actor: actor.name, mayStill, speaksFor };
  return (
    whyForbidden(event, actor) ?? (isTakingBack(event) ? { ...submission, mayTakeBack: takesBack(key) } : submission)
  );
}

const isTakingBack = ({ type }: SubmittedEvent): boolean => type === 'lading.event.voided.v1';

const writes = (type: EventType): Role => `${serviceOf(type)}:write` as Role;

/** Whoever may submit a type takes back what it submitted itself; an admin, what anybody did. */
const takesBack =
  (key: HeldKey): Submission['mayTakeBack'] =>
  ({ type, actor: submitter }) => {
    const { actor } = key;
    // What is never taken back is said to whoever acts for all.
    if (type === 'lading.ledger.opened.v1' || type === 'lading.event.voided.v1') return partyOf(actor) === undefined;
    return actor.roles.includes(writes(type)) && (submitter === actor.name || actor.roles.includes('admin'));
  };

/**
 * Why this key may not submit this event, whatever it says: it lacks the role, or may not use the source. Whether it may say
 * this for its party is decided with the event, because it depends on what the ledger holds then.
 */
function whyForbidden(event: SubmittedEvent, actor: Actor): Refusal | undefined {
  const role = writes(event.type);
  // What takes an event back needs the role of that event's type, which is known when it is decided.
  if (!isTakingBack(event) && !actor.roles.includes(role))
    return forbidden(`${event.type} needs a key with the role ${role}`, { role });
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
