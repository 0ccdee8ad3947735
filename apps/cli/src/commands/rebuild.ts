import cliProgress from 'cli-progress';
import { type Command, Option } from 'commander';
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { Feed } from '#feed/feed';
import { FileFeed } from '#feed/file';
import { fillFromJournal, JournalFeed } from '#feed/journal';
import { readConfig } from '#platform/service/config';
import { rebuild, RebuildFailed, type RebuildProgress } from '#projections/versions/rebuild';
import { calledAs, withExamples } from '../examples.ts';
import { exitCodes, UserError } from '../exitCodes.ts';
import { counted, formatNumber } from '../table.ts';
import { print, printJson, say } from '../terminal.ts';
import { withPool } from '../withPool.ts';

interface RebuildOptions {
  readonly from?: 'journal' | 'kafka' | 'file';
  readonly file?: string;
  readonly json?: boolean;
}

const BATCH = 4_000;
/** The database works on some statements while the next ones are put together. */
const PIPELINED = { pipeline: true };

export function addRebuild(program: Command): void {
  const command = program
    .command('rebuild')
    .description('build a new version of the read models beside the one that answers, then switch to it')
    .addOption(
      new Option(
        '--from <source>',
        'source to read in this process (default: a running projector builds, otherwise the journal is read)',
      ).choices(['journal', 'kafka', 'file']),
    )
    .option('--file <file>', 'an export, one event a line; later events are read from the journal (means --from file)')
    .option('--json', 'print the outcome as JSON')
    .action(rebuildAll);
  withExamples(command, 'lading rebuild', 'lading rebuild --from kafka', 'lading rebuild --file nvidia.ndjson');
}

async function rebuildAll(options: RebuildOptions): Promise<void> {
  await withPool(async (pool, url) => {
    const bar = progressBar();
    let said = '';
    const sayOnce = (waitsFor = '') => {
      if (waitsFor !== '' && waitsFor !== said) say(`Waiting: ${waitsFor}.`);
      said = waitsFor;
    };
    const stop = new AbortController();
    process.once('SIGINT', () => {
      stop.abort();
    });
    try {
      const source = options.file === undefined ? options.from : 'file';
      const built = await rebuild({
        pool,
        feeds: await feedsFrom(source, options.file, pool, url),
        begin: source !== undefined,
        onProgress: (progress) => {
          bar?.update(progress);
          sayOnce(progress.waitsFor);
        },
        signal: stop.signal,
      });
      bar?.stop();
      if (options.json) printJson(built);
      else {
        const by = built.by === 'projector' ? 'by the running projector' : 'in this process';
        print(
          `Version ${built.version} of the read models answers now: ${counted(built.events, 'event')} in ${formatNumber(built.seconds)} s, ${by}.`,
        );
        for (const { ledger, sequence, reason } of built.standing)
          print(`Ledger ${ledger} stands still at ${sequence}, as before: ${reason}.`);
        if (built.standing.length > 0) print(`What to do about it: ${calledAs()} status`);
      }
    } catch (error) {
      bar?.stop();
      if (!(error instanceof RebuildFailed)) throw error;
      throw new UserError(`Not rebuilt, the old version continues to answer: ${error.message}.`, exitCodes.broken);
    }
  }, PIPELINED);
}

/** The feeds, one after the other, each created in its turn. A file ends, so the journal gives the events after it. */
async function feedsFrom(
  source: RebuildOptions['from'],
  file: string | undefined,
  pool: pg.Pool,
  url: string,
): Promise<(() => Feed)[]> {
  const journal = () => new JournalFeed({ pool, url, batch: BATCH, name: 'lading rebuild' });
  if (source === 'file') {
    if (file === undefined) throw new UserError('Which file? Name it with --file.');
    return [() => new FileFeed({ file, batch: BATCH, fill: fillFromJournal(pool) }), journal];
  }
  if (source !== 'kafka') return [journal];
  const { kafkaBrokers, topic } = readConfig({ needs: ['kafka'] });
  const { KafkaFeed } = await import('#feed/kafka');
  const group = `lading-rebuild-${randomUUID()}`;
  return [
    () =>
      new KafkaFeed({
        brokers: kafkaBrokers,
        clientId: 'lading-rebuild',
        topic,
        group,
        batch: BATCH,
        fill: fillFromJournal(pool),
      }),
  ];
}

/** The bar is drawn on a terminal only. */
function progressBar(): { update: (progress: RebuildProgress) => void; stop: () => void } | undefined {
  if (!process.stderr.isTTY) return undefined;
  const bar = new cliProgress.SingleBar({
    format: 'rebuilding {bar} {value}/{total} events · {duration_formatted}',
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
  });
  bar.start(0, 0);
  return {
    update: ({ applied, total }) => {
      bar.setTotal(Math.max(total, applied));
      bar.update(applied);
    },
    stop: () => {
      bar.stop();
    },
  };
}
