import type { Rule } from '../command.ts';
import { accept, type Rejected, reject } from '../decision.ts';
import { type Occurrence, overtaken } from '../overtaken.ts';
import { entityOf } from '../view.ts';

/** Registers a party, or changes its master data: all of it is said anew. */
export const registerParty: Rule<'lading.party.registered.v1'> = (data, { view, time }) =>
  changedLater('party', data.party, entityOf(view, 'party', data.party)?.said, time) ?? accept(data);

/** Registers an item, or changes its master data. Its tracking never changes: units are named from the start, or never. */
export const registerItem: Rule<'lading.item.registered.v1'> = (data, { view, time }) => {
  const there = entityOf(view, 'item', data.item);
  if (there !== undefined && there.data.tracking !== data.tracking) {
    const { tracking } = there.data;
    return reject(
      'wrong-tracking',
      `${data.item} is tracked by ${tracking}, and that never changes. Register another item for units tracked by ${data.tracking}.`,
      { item: data.item, tracking, asked: data.tracking },
    );
  }
  return changedLater('item', data.item, there?.said, time) ?? accept(data);
};

const changedLater = (kind: string, id: string, said: Occurrence | undefined, time: string): Rejected | undefined =>
  overtaken(
    time,
    { 'master data': said },
    {
      of: `${kind} ${id}`,
      facts: { [kind]: id },
      instead: 'If this is what holds now, send it with a time that is not before that one.',
    },
  );
