import type { Told } from '#test/ledger/facts';
import { given, type Story } from '#test/ledger/story';
import { type FreshReadModels, freshReadModels } from './freshReadModels.ts';

/** A story that is projected as it goes on. */
export interface Projected extends FreshReadModels {
  readonly story: Story;
  /** More happens, at the moment of the story or another. */
  happens(facts: readonly Told[], at?: string): Promise<void>;
}

/** A ledger with the whole cast in which these things happened, and its read models. */
export async function projected(...facts: Told[]): Promise<Projected> {
  const db = await freshReadModels();
  const story = given(...facts);
  let applied = 0;
  const apply = async () => {
    await db.apply(story.ledger.events.slice(applied));
    applied = story.ledger.events.length;
  };
  await apply();
  return {
    ...db,
    story,
    happens: async (more, at) => {
      if (at !== undefined) story.until(at);
      for (const fact of more) story.take(fact);
      await apply();
    },
  };
}
