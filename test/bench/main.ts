import { readdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { renderTable } from '#apps/cli/src/table';
import type { Bench, Figure } from './figure.ts';

const HELP = `npm run bench -- [NAME…] [--json FILE]

Measures throughput and latency, and beside each figure its limit on this machine, measured in the same run.
Without names all of them run, one after the other, but for those that install something first.`;

/** Runs the benchmarks that are named, without names all but the optional ones. A missed figure is reported, and is no failure. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  const benches = await loadBenches();
  const names = benches.map(({ name }) => name);
  if (values.help) {
    const optional = benches.filter((bench) => bench.optional === true).map(({ name }) => name);
    console.log(`${HELP}\n\nNames: ${names.join(', ')}\nOnly when named: ${optional.join(', ')}`);
    return;
  }
  const unknown = positionals.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    console.error(`There is no benchmark called ${unknown.join(', ')}. There are: ${names.join(', ')}.`);
    process.exitCode = 2;
    return;
  }

  const figures: Figure[] = [];
  const wanted = (bench: Bench) =>
    positionals.length === 0 ? bench.optional !== true : positionals.includes(bench.name);
  for (const { name, run } of benches.filter(wanted)) {
    const began = Date.now();
    console.error(`bench: ${name} …`);
    try {
      figures.push(...(await run()));
    } catch (error) {
      // The others are still worth their while; the exit code tells.
      console.error(`bench: ${name} failed:`, error);
      process.exitCode = 1;
    }
    console.error(`bench: ${name} took ${((Date.now() - began) / 1000).toFixed(1)} s`);
  }
  console.log(figuresTable(figures));
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);
}

async function loadBenches(): Promise<Bench[]> {
  const files = readdirSync(new URL('.', import.meta.url)).filter((file) => file.endsWith('.bench.js'));
  return Promise.all(files.sort().map((file) => import(new URL(file, import.meta.url).href) as Promise<Bench>));
}

const figuresTable = (figures: readonly Figure[]): string =>
  renderTable(figures, [
    { title: 'figure', value: (figure) => figure.name },
    { title: 'measured', value: (figure) => figure.value, align: 'right' },
    { title: 'unit', value: (figure) => figure.unit },
    { title: 'limit', value: (figure) => figure.limit, align: 'right' },
    { title: 'ratio', value: (figure) => figure.ratio?.toFixed(2), align: 'right' },
    { title: 'target', value: (figure) => figure.target },
    { title: '', value: (figure) => (figure.met ? 'met' : 'MISSED') },
  ]);

await main();
// Pools, producers and servers are closed by whoever opened them; a late timer of a client must not keep the process.
process.exit();
