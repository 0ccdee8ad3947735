import { afterAll, beforeAll, it } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { createPool } from '#platform/database/database';
import { ensureBuild } from '#scripts/ensure/build.mjs';
import type { Member } from '#scripts/stack/member.mjs';
import { describeKafka } from '../setup/kafka.ts';
import { logsOf, type RunningTopology, startTopology } from '../topology/startTopology.ts';
import { journalHas, kafkaHas, readModelsHave } from './everythingThere.ts';
import { Submitters } from './submitters.ts';
import { visible } from './visible.ts';

const SERVICES = {
  ...{ one: 'shipments', two: 'shipments', relay: 'relay' },
  ...{ projector: 'projector', second: 'projector', query: 'query' },
};

describeKafka('a process that is frozen (SIGSTOP) in the middle of its work', () => {
  let running: RunningTopology;
  let pool: pg.Pool;
  let frozen: Member | undefined;
  const submitters: Submitters[] = [];

  beforeAll(async () => {
    await ensureBuild();
    running = await startTopology(SERVICES);
    pool = createPool(running.topology.databaseUrl, { max: 2 });
  });
  afterAll(async () => {
    thaw();
    await Promise.allSettled(submitters.map((each) => each.stop()));
    await pool.end();
    await running.stop();
  });

  /** Starts new submitters that use the named writing services. */
  function submittersAt(name: string, ...writers: string[]): Submitters {
    const started = new Submitters({
      name,
      urls: writers.map((one) => running.topology.url(one)),
      count: 8,
      most: 5_000,
    });
    submitters.push(started);
    started.start();
    return started;
  }

  /** Freezes one of the processes; resolves when it was frozen inside a transaction that holds a lock on the table. */
  async function freezeHolding(table: string, ...names: string[]): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      frozen = running.topology.member(String(names[attempt % names.length]));
      frozen.signal('SIGSTOP');
      // The statements that it had sent by then are finished.
      await sleep(20);
      if (await isHeld(table)) return;
      thaw();
      await sleep(1 + (attempt % 17));
    }
  }

  async function isHeld(table: string): Promise<boolean> {
    const { rowCount } = await pool.query(
      `SELECT 1 FROM pg_locks l JOIN pg_stat_activity a USING (pid) JOIN pg_class c ON c.oid = l.relation
        WHERE c.relname = $1 AND l.granted AND l.mode = 'RowShareLock' AND a.state = 'idle in transaction'
          AND a.state_change < clock_timestamp() - interval '10 ms'`,
      [table],
    );
    return rowCount !== 0;
  }

  function thaw(): void {
    frozen?.signal('SIGCONT');
    frozen = undefined;
  }

  async function everythingIsThere(): Promise<void> {
    const { topology } = running;
    await Promise.all(submitters.map((each) => each.stop()));
    const kept = await journalHas(pool, new Map(submitters.flatMap(({ answered }) => [...answered])));
    await visible(topology.url('query'), kept.length);
    await kafkaHas(topology.brokers, kept);
    await readModelsHave(topology.url('query'), kept);
  }

  const guarantee = (title: string, test: () => Promise<void>) => {
    it(title, async () => {
      try {
        await test();
      } catch (error) {
        process.stderr.write(`${await logsOf(running.topology, Object.keys(SERVICES))}\n`);
        throw error;
      } finally {
        thaw();
      }
    });
  };

  guarantee(
    'a writer that holds the ledger does not keep it from other writers while it is frozen, and ends with every event once',
    async () => {
      submittersAt('a', 'one');
      await freezeHolding('ledgers', 'one');
      // While it is frozen: it would keep the ledger for as long as that.
      const others = submittersAt('b', 'two');
      await others.goOn(1);
      // Its connection and its lock are gone, so it cannot take the ledger from another writer when it continues.
      await others.goOn(50);
      thaw();
      await everythingIsThere();
    },
  );

  // A frozen relay is tested in apps/relay/src/relay.int.spec.ts.
  guarantee(
    'a projector that is in a transaction is replaced by another, and when it goes on nothing is applied twice',
    async () => {
      const { topology } = running;
      const all = submittersAt('d', 'one', 'two');
      await all.goOn(20);
      await freezeHolding('positions', 'projector', 'second');
      await all.goOn(20);
      // While it is frozen: the group gives the partitions of a member that was silent for 10 s to another member.
      await visible(topology.url('query'), Math.max(...all.answered.values()));
      thaw();
      await all.goOn(100);
      await everythingIsThere();
    },
  );
});
