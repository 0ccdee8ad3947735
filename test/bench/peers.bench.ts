import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '#apps/cli/src/packageRoot';
import { eventText } from '#contracts/cloudEvent';
import { createPool } from '#platform/database/database';
import { startCluster } from '#servers/postgres/cluster.mjs';
import { manyEvents } from '#test/projections/manyEvents';
import { temporaryFolder } from '#test/setup/temporaryFolder';
import { inFlight } from './benchLedger.ts';
import { type Figure, shareOf } from './figure.ts';
import type { Contestant, Entrant, Guarantees } from './peers/contestant.ts';
import { emmett } from './peers/emmett.ts';
import { installPeers } from './peers/installPeers.ts';
import { lading } from './peers/lading.ts';
import { messageDb } from './peers/messageDb.ts';
import { Stories, type Story } from './peers/stories.ts';
import { umaDb } from './peers/umaDb.ts';
import { median } from './percentile.ts';

export const name = 'peers';
/** It installs other event stores, so it runs only when it is asked for. */
export const optional = true;

const IN_FLIGHT = 64;
/** Of three events each. */
const STORIES = 400;
const APPEND_TURNS = 7;
const REBUILT = 20_000;
const REBUILD_TURNS = 3;

interface Running {
  readonly name: string;
  readonly contestant: Contestant;
}

/**
 * Appending and rebuilding beside other event stores: in turns, on the same events, on one PostgreSQL with fsync on, where each has a
 * database of its own. What each of them promises, and what it does here, is printed: the figures say nothing without it.
 */
export async function run(): Promise<Figure[]> {
  const installed = join(packageRoot, '.cache', 'peers');
  const withoutUmaDb = await installPeers(installed);
  const stories = new Stories();
  const entrants = [lading(stories.cast), emmett(installed), messageDb(installed)];
  if (withoutUmaDb === undefined) entrants.push(umaDb(installed));
  for (const { name, guarantees } of entrants) printGuarantees(name, guarantees);
  if (withoutUmaDb !== undefined) console.log(`UmaDB is left out: ${withoutUmaDb}.\n`);

  const folder = await temporaryFolder('bench-peers');
  const cluster = await startCluster({ dataDir: join(folder, 'postgres') });
  try {
    const start = (purpose: string) => startAll(entrants, purpose, cluster.url, folder);
    return [...(await compareAppends(start, stories)), ...(await compareRebuilds(start))];
  } finally {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

type Start = (purpose: string) => Promise<Running[]>;

async function startAll(
  entrants: readonly Entrant[],
  purpose: string,
  url: string,
  folder: string,
): Promise<Running[]> {
  const pool = createPool(url);
  const all: Running[] = [];
  for (const entrant of entrants) {
    const database = `${entrant.name}_${purpose}`.toLowerCase().replace(/\W/g, '_');
    await pool.query(`CREATE DATABASE ${database}`);
    const place = { url: url.replace(/postgres$/, database), folder: join(folder, database) };
    await mkdir(place.folder);
    all.push({ name: entrant.name, contestant: await entrant.start(place) });
  }
  await pool.end();
  return all;
}

async function compareAppends(start: Start, stories: Stories): Promise<Figure[]> {
  const all = await start('append');
  const jobs = all.map(({ name, contestant }) => new Job(name, (told) => tell(contestant, told)));
  for (let turn = 0; turn <= APPEND_TURNS; turn++) {
    const told = stories.make(`t${turn}`, STORIES);
    for (const job of inTurn(jobs, turn)) await job.run(told);
    if (turn > 0) continue;
    // The first turn is not counted: connections are made in it, and statements are planned.
    for (const job of jobs) job.forget();
    console.log(`An event has ${meanBytes(told)} bytes.`);
  }
  const appended = STORIES * 3 * (APPEND_TURNS + 1);
  for (const { name, contestant } of all) {
    const back = (await contestant.readBack()).toLocaleString('en');
    console.log(`${name}: of ${appended.toLocaleString('en')} events that were appended, a reader gets ${back}.`);
    await contestant.close();
  }
  const [own, ...peers] = jobs.map(rateOf(STORIES * 3));
  return peers.map(({ name, rate }) => beside(`append, 64 in flight, beside ${name}`, own?.rate, rate));
}

async function compareRebuilds(start: Start): Promise<Figure[]> {
  const all = await start('rebuild');
  const events = [...manyEvents(REBUILT)];
  for (const { contestant } of all) await contestant.seed(events);
  const jobs = all.map(({ name, contestant }) => new Job(name, () => contestant.rebuild()));
  // No rebuild of Lading's, but the work that peers do who have no projections.
  const lading = all[0]?.contestant;
  const addingUp = new Job('Lading', async () => lading?.addUp?.());
  for (let turn = 0; turn < REBUILD_TURNS; turn++)
    for (const job of inTurn([...jobs, addingUp], turn)) await job.run([]);
  for (const { contestant } of all) {
    await contestant.check();
    await contestant.close();
  }
  const rate = rateOf(REBUILT);
  const [own, ...peers] = jobs.map(rate);
  const withoutProjections = peers.filter(({ name }) => name !== 'Emmett');
  return [
    ...peers.map((peer) =>
      beside(`rebuild of all read models, beside one table in ${peer.name}`, own?.rate, peer.rate),
    ),
    ...withoutProjections.map((peer) =>
      beside(`one table added up in memory, beside ${peer.name}`, rate(addingUp).rate, peer.rate),
    ),
  ];
}

/** Something that is done in turns with others. */
class Job {
  #seconds: number[] = [];

  constructor(
    readonly name: string,
    private readonly work: (told: readonly Story[]) => Promise<void>,
  ) {}

  async run(told: readonly Story[]): Promise<void> {
    const started = performance.now();
    await this.work(told);
    this.#seconds.push((performance.now() - started) / 1_000);
  }

  forget(): void {
    this.#seconds = [];
  }

  /** The median. */
  get seconds(): number {
    return median(this.#seconds);
  }
}

const rateOf = (events: number) => (job: Job) => ({ name: job.name, rate: Math.round(events / job.seconds) });

const beside = (name: string, own = Number.NaN, peers: number): Figure => shareOf(name, 'events/s', own, peers, 1);

/** Each is the first one, the second one … equally often: what one leaves to do for the disk meets the next one. */
const inTurn = (jobs: readonly Job[], turn: number): Job[] => {
  const first = turn % jobs.length;
  return [...jobs.slice(first), ...jobs.slice(0, first)];
};

/** Every submitter waits for its answer before it sends the next event of its story. */
const tell = (contestant: Contestant, stories: readonly Story[]): Promise<void> =>
  inFlight(IN_FLIGHT, stories, async (story) => {
    for (const event of story) await contestant.append(event);
  });

const meanBytes = (told: readonly Story[]): number => {
  const sizes = told.flat().map(({ kept }) => Buffer.byteLength(eventText(kept)));
  return Math.round(sizes.reduce((sum, size) => sum + size, 0) / sizes.length);
};

const QUESTIONS: Readonly<Record<keyof Guarantees, string>> = {
  order: 'order',
  twice: 'sent twice',
  decided: 'decided',
  changed: 'shows a change',
  readers: 'readers',
  appends: 'appends here',
  rebuilds: 'rebuilds here',
};

function printGuarantees(name: string, guarantees: Guarantees): void {
  console.log(name);
  for (const [key, question] of Object.entries(QUESTIONS))
    console.log(`  ${question.padEnd(14)}  ${guarantees[key as keyof Guarantees]}`);
  console.log('');
}
