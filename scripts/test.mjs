import { ensure } from './ensure.mjs';
import { say } from './ensure/say.mjs';

const PROJECTS = /** @type {const} */ (['unit', 'int', 'e2e', 'faults']);
const STATIC = ['format', 'lint', 'types', 'deps', 'documents'];

const HELP = `npm test                       everything: ${STATIC.join(', ')}, then unit, int, e2e tests
npm test -- unit               one of them, or several; "static" is the first five
npm test -- libs/ledger        the tests whose path has this in it
npm test -- int libs/journal   both
npm run faults                 on a Kafka of three brokers, which is no part of everything
`;

const started = Date.now();
const args = process.argv.slice(2);
if (args.includes('--help') || args.includes('-h')) {
  process.stdout.write(HELP);
  process.exit(0);
}
await ensure();

// What these need is installed only now.
const { runCommand } = await import('./test/runCommand.mjs');
const { runTests } = await import('./test/vitest.mjs');
const { staticChecks } = await import('./test/staticChecks.mjs');
const { default: setUp } = await import('../test/setup/globalSetup.mjs');
const { default: tearDown } = await import('../test/setup/globalTeardown.mjs');

const total = { passed: 0, failed: 0, skipped: 0, onKafka: 0, keptFromKafka: 0, keptFromGo: 0 };
/** @type {string[]} */
const summary = [];

const steps = new Set(args.filter((arg) => [...PROJECTS, ...STATIC, 'static'].includes(arg)));
const paths = args.filter((arg) => !steps.has(arg));
const projectsOnly = steps.size === 0 && paths.length > 0;
const everything = args.length === 0;
/** @param {string} name */
const wanted = (name) =>
  steps.has(name) ||
  (everything && name !== 'faults') ||
  (steps.has('static') && STATIC.includes(name)) ||
  (projectsOnly && name !== 'faults' && PROJECTS.some((project) => project === name));

/**
 * @param {string} what
 * @param {() => Promise<Partial<typeof total>>} work
 * @returns {Promise<boolean>} whether all went well
 */
async function step(what, work) {
  say(`\n── ${what}`);
  const at = Date.now();
  /** @type {Partial<typeof total>} */
  const counts = await work().catch((/** @type {unknown} */ error) => {
    say(error instanceof Error ? error.message : String(error));
    return { failed: 1 };
  });
  for (const [key, value] of Object.entries(counts)) total[/** @type {keyof typeof total} */ (key)] += value;
  const took = `${((Date.now() - at) / 1000).toFixed(1)} s`.padStart(8);
  const failed = (counts.failed ?? 0) > 0;
  summary.push(`${failed ? 'FAILED' : 'passed'} ${took}  ${what}`);
  say(String(summary.at(-1)));
  return !failed;
}

/** @param {(name: string) => boolean} which */
async function check(which) {
  for (const { what, args: command } of staticChecks.filter(({ name }) => wanted(name) && which(name))) {
    await step(what, async () => ((await runCommand(process.execPath, command)) === 0 ? { passed: 1 } : { failed: 1 }));
  }
}
async function checkTheRest() {
  await check((name) => name !== 'lint');
  if (wanted('unit')) await step('unit tests', () => runTests('unit', paths));
}
// Some of these have use for one core only: the linters run beside them, and what comes after them does not wait for the linters.
const linting = check((name) => name === 'lint');
await checkTheRest();

const onServices = PROJECTS.filter((project) => project !== 'unit' && wanted(project));
if (onServices.length > 0) {
  // Started here and not by each run of Vitest: both then share one PostgreSQL and one Kafka.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.once(signal, () => void tearDown().finally(() => process.exit(130)));
  }
  const ready = await step('PostgreSQL and Kafka for the tests', async () => {
    await setUp();
    return {};
  });
  for (const project of ready ? onServices : []) {
    const what = { unit: 'unit', int: 'integration', e2e: 'end-to-end', faults: 'fault' }[project];
    await step(`${what} tests`, () => runTests(project, paths));
  }
  await tearDown();
  if (everything && process.env.CI === 'true' && (total.onKafka === 0 || total.keptFromKafka > 0)) {
    say(`FAILED: CI=true, and ${total.keptFromKafka} tests on Kafka were skipped, ${total.onKafka} ran`);
    total.failed += 1;
  }
}

await linting;
say(`\n${summary.join('\n')}`);
if (total.keptFromKafka > 0)
  say(`\nSKIPPED FOR WANT OF KAFKA: ${total.keptFromKafka} tests. ${process.env.LADING_TEST_KAFKA_MISSING ?? ''}`);
if (total.keptFromGo > 0)
  say(
    `\nSKIPPED FOR WANT OF GO: ${total.keptFromGo} tests. They need go on the PATH, and the modules of test/stranger.`,
  );
say(`\n${total.onKafka} tests ran on a real Kafka; everything took ${((Date.now() - started) / 1000).toFixed(0)} s`);
process.stdout.write(
  `${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}\n`,
);
process.exitCode = total.failed > 0 ? 1 : 0;
