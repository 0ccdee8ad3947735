import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readConfig } from '#platform/service/config';
import { STOP_MS } from '#platform/service/onStopSignal';
import type { Undo } from '#apps/cli/src/up/startOn';
import { startUp } from '#apps/cli/src/up/startUp';
import { filesOf, takeTour, type Tour } from './tour.ts';
import type { Ran } from './recorder.ts';

const HELP = `npm run tour -- [--files | --json]

Starts Lading as "npm start" does, on a data folder of its own that is thrown away, submits an order and asks a question, and
prints each file and function of Lading that ran, in the order in which it ran first: what to read, and in which order.

  --files  only the files
  --json   for a program`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { files: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'lading-tour-'));
  const undo: Undo = [() => rm(dataDir, { recursive: true, force: true })];
  try {
    const env = { DATABASE_URL: process.env.DATABASE_URL, LADING_PORT: '0', LADING_DATA: dataDir, LOG_LEVEL: 'fatal' };
    const { url, adminKey } = await startUp(readConfig({ env }), console.error, undo);
    const tour = await takeTour(url, adminKey, dataDir);
    console.log(values.json ? JSON.stringify(tour, null, 2) : render(tour, values.files ?? false));
  } finally {
    for (const step of undo.reverse()) await step(STOP_MS);
  }
}

const render = ({ order, question }: Tour, filesOnly: boolean): string =>
  [
    ...chapter('An order, from its submission until it is projected', order, filesOnly),
    '',
    ...chapter('A question for holdings', question, filesOnly),
  ].join('\n');

function chapter(title: string, ran: readonly Ran[], filesOnly: boolean): string[] {
  const files = filesOf(ran);
  const lines = files.flatMap((file, index) => [
    `${String(index + 1).padStart(3)}  ${file}`,
    ...(filesOnly ? [] : ran.filter((of) => of.file === file).map(({ name, line }) => `       ${name} :${line}`)),
  ]);
  return [`${title}: ${ran.length} functions of ${files.length} files`, '', ...lines];
}

await main();
process.exit();
