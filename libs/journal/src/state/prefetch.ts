import type pg from 'pg';
import { type EventType, subjectOf } from '#contracts/catalog';
import { decide } from '#ledger/decide';
import type { EntityKey } from '#ledger/entity';
import { entitiesNamed } from '#ledger/named';
import type { Entities } from './entities.ts';
import { loadEntities } from './loadEntities.ts';
import { NotingView } from './recordingView.ts';
import type { Submission } from '../submission.ts';
import { UnitLookups } from './unitLookups.ts';

/** How often what a decision needs may lead to more: a swap → its orders → the shipments they are on. */
const ROUNDS = 4;

/** What a command names and is not here; `own` when that is nothing but its own subject, most likely a new one. */
interface Need {
  readonly event: Submission['event'];
  readonly missing: readonly EntityKey[];
  readonly own: boolean;
}

/** What some commands need that is not loaded. */
export class Needs {
  private readonly needs: readonly Need[];

  constructor(
    submissions: readonly Submission[],
    private readonly entities: Entities,
  ) {
    this.needs = submissions.flatMap(({ event }) => {
      const missing = entitiesNamed(event).filter((key) => entities.get(key) === undefined);
      if (missing.length === 0) return [];
      const subject = subjectOf<EventType>(event.type, event.data);
      return [{ event, missing, own: missing.length === 1 && missing[0] === subject }];
    });
  }

  /** Whether what is missing may lead to more: then loading it takes several steps. */
  get deep(): boolean {
    return this.needs.some(({ own }) => !own);
  }

  /** One statement for all that is named. */
  async load(client: pg.ClientBase, ledger: string, head: number): Promise<void> {
    await this.get(client, ledger, head, new Set(this.needs.flatMap(({ missing }) => missing)));
  }

  /**
   * What is named; then, for commands that named something that is there, what deciding about them asks for. What is
   * overlooked here (the state may change until the lock) is loaded under the lock.
   */
  async loadDeeply(client: pg.ClientBase, ledger: string, head: number): Promise<void> {
    await this.load(client, ledger, head);
    const cold = this.needs.filter(({ missing }) =>
      missing.some((key) => this.entities.get(key)?.entity !== undefined),
    );
    const now = new Date();
    for (let round = 0; round < ROUNDS && cold.length > 0; round++) {
      const wanted = new Set<EntityKey>();
      for (const { event } of cold) {
        const view = new NotingView(this.entities, new UnitLookups());
        try {
          decide(event, view, now);
        } catch {
          // The decision that counts is made under the lock; a fault shows there.
        }
        for (const key of view.missing()?.entities ?? []) wanted.add(key);
      }
      if (wanted.size === 0) return;
      await this.get(client, ledger, head, wanted);
    }
  }

  private async get(client: pg.ClientBase, ledger: string, head: number, keys: ReadonlySet<EntityKey>): Promise<void> {
    if (keys.size === 0) return;
    for (const [key, known] of await loadEntities(client, ledger, head, [...keys])) this.entities.set(key, known);
  }
}
