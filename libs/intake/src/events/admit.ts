import { serviceOf } from '#contracts/catalog';
import type { SubmittedEvent } from '#contracts/cloudEvent';
import type { Service } from '#contracts/define';
import { parseSubmission } from '../parseSubmission.ts';
import { type Problem, problem } from '#contracts/problem';
import type { Submission } from '#journal/submission';
import { type Actor, maySpeakFor, maySubmitAs, type Role } from '#platform/keys/actor';
import { problemOfRefusal } from '../answers/problemOf.ts';

export type Admitted =
  | { readonly ok: true; readonly submission: Submission }
  | { readonly ok: false; readonly problem: Problem };

/** Lets an event in that is well formed, that is served here, and that this key may submit. */
export function admit(value: unknown, actor: Actor, served: readonly Service[]): Admitted {
  const parsed = parseSubmission(value, served);
  if (!parsed.ok) return { ok: false, problem: problemOfRefusal(parsed.refusal) };
  const { event, hash } = parsed;
  const forbidden = whyForbidden(event, actor);
  return forbidden === undefined
    ? { ok: true, submission: { event, hash, actor: actor.name } }
    : { ok: false, problem: forbidden };
}

/** Why this key may not submit this event (403): its type's role, its source, or the party that a swap's `by` names. */
export function whyForbidden(event: SubmittedEvent, actor: Actor): Problem | undefined {
  const role = `${serviceOf(event.type)}:write` as Role;
  if (!actor.roles.includes(role)) {
    return problem(403, 'forbidden', { detail: `${event.type} needs a key with the role ${role}`, facts: { role } });
  }
  if (!maySubmitAs(actor, event.source)) {
    return problem(403, 'forbidden', {
      detail: `the key ${actor.name} may not submit as ${event.source}`,
      facts: { source: event.source, sources: actor.sources },
    });
  }
  if (isSwap(event) && !maySpeakFor(actor, event.data.by)) {
    return problem(403, 'forbidden', {
      detail: `the key ${actor.name} speaks for ${actor.party ?? ''}, not for ${event.data.by}`,
      facts: { party: actor.party, by: event.data.by },
    });
  }
  return undefined;
}

type SwapEvent = Extract<SubmittedEvent, { type: `lading.swap.${string}` }>;
const isSwap = (event: SubmittedEvent): event is SwapEvent => event.type.startsWith('lading.swap.');
