import cliProgress from 'cli-progress';
import type { Command } from 'commander';
import { type ConnectionOptions, connect, withConnectionOptions } from '../connection.ts';
import { withExamples } from '../examples.ts';
import { exitCodes } from '../exitCodes.ts';
import { readEvents } from '../readEvents.ts';
import { type Route, routeOver, type SubmitResult, submitEvents, tryEvents } from '../submitEvents.ts';
import { formatNumber } from '../table.ts';
import { splitEvent } from '../splitEvents.ts';
import { print, printJson, say } from '../terminal.ts';

interface SubmitOptions extends ConnectionOptions {
  readonly ledger: string;
  readonly json?: boolean;
  readonly dryRun?: boolean;
  readonly split?: boolean;
  readonly shipments?: string;
  readonly reallocations?: string;
  readonly swaps?: string;
}

export function addSubmit(program: Command): void {
  const command = withConnectionOptions(program.command('submit'))
    .description('submit events to a ledger: one event, a JSON array of them, or one a line (NDJSON)')
    .argument('[files...]', 'files in the order to submit them; - or none reads standard input')
    .requiredOption('-l, --ledger <ledger>', 'the ledger to submit to')
    .option('--dry-run', 'try the events only: the same answers, and nothing is kept')
    .option('--split', 'divide orders, confirmations, dispatches and receipts with more lines than an event holds')
    .option('--json', 'print one result a line, as the ledger gave it')
    .option('--shipments <url>', 'where the shipments service answers, when it is a process of its own')
    .option('--reallocations <url>', 'the same for reallocations')
    .option('--swaps <url>', 'the same for swaps')
    .action(submit);
  withExamples(
    command,
    'lading submit --ledger nvidia orders.json',
    'lading submit --ledger nvidia --dry-run --json orders.json',
    'lading submit --ledger nvidia --split large-orders.ndjson',
    'cat events.ndjson | lading submit --ledger nvidia',
  );
}

async function submit(files: string[], options: SubmitOptions): Promise<void> {
  const bar = progressBar();
  const summary = new Summary(options.dryRun === true ? 'would be recorded' : 'recorded');
  const send = options.dryRun ? tryEvents : submitEvents;
  try {
    for await (const result of send(routeOf(options), options.ledger, eventsOf(files, bar, options))) {
      summary.add(result);
      bar?.increment();
      if (options.json) printJson(result);
    }
  } catch (error) {
    bar?.stop();
    // So much was answered before that.
    if (!options.json && summary.hasAny) print(summary.toString());
    throw error;
  }
  bar?.stop();
  if (!options.json) print(summary.toString());
  if (summary.refused > 0) process.exitCode = exitCodes.rejected;
}

async function* eventsOf(files: readonly string[], bar: cliProgress.SingleBar | undefined, { split }: SubmitOptions) {
  let total = 0;
  for (const file of files.length === 0 ? ['-'] : files) {
    for await (const event of readEvents(file)) {
      const parts = split === true ? splitEvent(event) : [event];
      if (parts.length > 1)
        say(
          `${event.where} is divided into ${parts.length} events: the first keeps its id, the others add /2 and so on.`,
        );
      total += parts.length;
      bar?.setTotal(total);
      yield* parts;
    }
  }
}

function routeOf(options: SubmitOptions): Route {
  const here = connect(options);
  const at = (url: string | undefined) => (url === undefined ? here : connect({ ...options, url }));
  return routeOver({
    shipments: at(options.shipments),
    reallocations: at(options.reallocations),
    swaps: at(options.swaps),
  });
}

/** The bar is drawn on a terminal only. */
function progressBar(): cliProgress.SingleBar | undefined {
  if (!process.stderr.isTTY) return undefined;
  const bar = new cliProgress.SingleBar({
    format: 'submitting {bar} {value}/{total} · {duration_formatted}',
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
  });
  bar.start(0, 0);
  return bar;
}

/** Counts the outcomes, and keeps the first example of each kind of failure. */
class Summary {
  recorded = 0;
  replayed = 0;
  refused = 0;
  readonly #byCode = new Map<string, { count: number; first: SubmitResult }>();

  /** @param taken what became of the events that the ledger takes */
  constructor(private readonly taken: string) {}

  get hasAny(): boolean {
    return this.recorded + this.replayed + this.refused > 0;
  }

  add(result: SubmitResult): void {
    if (result.status === 201) this.recorded += 1;
    else if (result.status === 200) this.replayed += 1;
    else this.#refuse(result);
  }

  #refuse(result: SubmitResult): void {
    this.refused += 1;
    const code = result.problem?.code ?? String(result.status);
    const seen = this.#byCode.get(code);
    this.#byCode.set(code, { count: (seen?.count ?? 0) + 1, first: seen?.first ?? result });
  }

  toString(): string {
    const there = this.replayed === 0 ? '' : `, ${formatNumber(this.replayed)} there already`;
    const lines = [`${formatNumber(this.recorded)} ${this.taken}${there}, ${formatNumber(this.refused)} refused`];
    for (const [code, { count, first }] of this.#byCode) {
      const said = first.problem?.detail ?? first.problem?.title ?? '';
      const fields = (first.problem?.errors ?? [])
        .map(({ pointer, detail }) => `\n      ${pointer}: ${detail}`)
        .join('');
      lines.push(`  ${formatNumber(count)} × ${code}, first at ${first.where}: ${said}${fields}`);
    }
    return lines.join('\n');
  }
}
