import type { Rule } from '../command.ts';
import { accept, reject } from '../decision.ts';
import { entityOf } from '../view.ts';

/** Registers an item, or changes its master data. Its tracking never changes: units are named from the start, or never. */
export const registerItem: Rule<'lading.item.registered.v1'> = (data, { view }) => {
  const there = entityOf(view, 'item', data.item)?.data;
  if (there !== undefined && there.tracking !== data.tracking) {
    return reject(
      'wrong-tracking',
      `${data.item} is tracked by ${there.tracking}, and that never changes. Register another item for units tracked by ${data.tracking}.`,
      { item: data.item, tracking: there.tracking, asked: data.tracking },
    );
  }
  return accept(data);
};
