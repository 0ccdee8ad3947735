import { afterAll, beforeAll, it } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { createPool } from '#platform/database/database';
import { ensureBuild } from '#scripts/ensure/build.mjs';
import { seed } from '#test/setup/seed';
import { describeKafka } from '../setup/kafka.ts';
import { logsOf, type RunningTopology, startTopology } from '../topology/startTopology.ts';
import { journalHas, kafkaHas, readModelsHave } from './everythingThere.ts';
import { randomNumbers } from './randomNumbers.ts';
import { Submitters } from './submitters.ts';
import { visible } from './visible.ts';

const SERVICES = { one: 'shipments', two: 'shipments', relay: 'relay', projector: 'projector', query: 'query' };
const random = randomNumbers(seed);

describeKafka('the whole topology, with submitters who keep on', () => {
  let running: RunningTopology;
  let submitters: Submitters;
  let pool: pg.Pool;

  beforeAll(async () => {
    await ensureBuild();
    running = await startTopology(SERVICES);
    const { topology } = running;
    submitters = new Submitters({
      name: 'k',
      urls: [topology.url('one'), topology.url('two')],
      count: 3,
      most: 10_000,
    });
    pool = createPool(topology.databaseUrl);
  });
  afterAll(async () => {
    await submitters.stop().catch(() => undefined);
    await pool.end();
    await running.stop();
  });

  it.each([
    ['one', 'a writing service'],
    ['relay', 'the relay'],
    ['projector', 'the projector'],
    ['Kafka', 'the broker'],
    ['PostgreSQL', 'PostgreSQL'],
  ])(
    'has every event that was answered in the journal, on Kafka byte for byte and in the read models, each once, after %s was killed',
    async (name) => {
      const { topology } = running;
      const member = topology.member(name);
      try {
        submitters.start();
        await submitters.goOn(50);
        await sleep(random() * 400);
        await member.kill();
        await sleep(random() * 300);
        await member.start();
        if (name in SERVICES) await topology.becomesReady(name);
        await submitters.goOn(50);
        await submitters.stop();

        const kept = await journalHas(pool, submitters.answered);
        await visible(topology.url('query'), kept.length);
        await kafkaHas(topology.brokers, kept);
        await readModelsHave(topology.url('query'), kept);
      } catch (error) {
        process.stderr.write(`${await logsOf(topology, Object.keys(SERVICES))}\n`);
        throw error;
      }
    },
  );
});
