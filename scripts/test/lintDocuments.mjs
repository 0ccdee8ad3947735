import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Parser } from '@asyncapi/parser';
import spectral from '@stoplight/spectral-core';
import rulesets from '@stoplight/spectral-rulesets';
import { root } from '../ensure/root.mjs';

// The linters of the published documents: Redocly and Spectral read the OpenAPI document, AsyncAPI's own parser the other one. Any
// remark fails, a warning and a hint too. `node scripts/test/lintDocuments.mjs [openapi.json asyncapi.json]`

const GENERATED = join(root, 'libs/contracts/generated');
const [openApi = join(GENERATED, 'openapi.json'), asyncApi = join(GENERATED, 'asyncapi.json')] = process.argv
  .slice(2)
  .map((path) => resolve(path));

/**
 * @param {string} file
 * @returns {Promise<string[]>} one line a remark
 */
async function redocly(file) {
  const program = join(root, 'node_modules/@redocly/cli/bin/cli.js');
  const args = ['lint', '--extends=recommended-strict', '--format=json', '--max-problems=1000', file];
  // It would report how it is used, and ask for newer versions of itself, over the network.
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
  const child = spawn(process.execPath, [program, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  child.stderr.on('data', (chunk) => (errors += String(chunk)));
  await new Promise((done, failed) => {
    child.once('error', failed);
    child.once('close', done);
  });
  if (!output.startsWith('{')) throw new Error(`Redocly did not lint the document:\n${output}${errors}`);
  /** @type {{problems: {ruleId: string, message: string, location: {pointer?: string}[]}[]}} */
  const { problems } = JSON.parse(output);
  return problems.map(({ ruleId, message, location }) => `${ruleId} at ${location[0]?.pointer ?? '#/'}: ${message}`);
}

/**
 * @param {string} file
 * @returns {Promise<string[]>} one line a remark
 */
async function spectralRules(file) {
  const linter = new spectral.Spectral();
  // Its types do not say that its own ruleset is one.
  linter.setRuleset(/** @type {import('@stoplight/spectral-core').RulesetDefinition} */ (rulesets.oas));
  /** @type {Record<string, unknown>} */
  const document = JSON.parse(readFileSync(file, 'utf8'));
  const found = await linter.run(document);
  return found.map(({ code, path, message }) => `${code} at ${pointer(path)}: ${message}`);
}

/**
 * @param {string} file
 * @returns {Promise<string[]>} one line a remark
 */
async function asyncApiParser(file) {
  // The document stays at 3.0.0: nothing of 3.1 is used, and tools with an older parser refuse a version that they do not know.
  const parser = new Parser({ ruleset: { extends: [], rules: { 'asyncapi-latest-version': 'off' } } });
  const found = await parser.validate(readFileSync(file, 'utf8'));
  return found.map(({ code, path, message }) => `${code} at ${pointer(path)}: ${message}`);
}

/** @param {readonly (string | number)[]} path */
const pointer = (path) => `#/${path.map((part) => String(part).replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`;

for (const { name, lint, file } of [
  { name: 'Redocly', lint: redocly, file: openApi },
  { name: 'Spectral', lint: spectralRules, file: openApi },
  { name: 'The AsyncAPI parser', lint: asyncApiParser, file: asyncApi },
]) {
  const remarks = await lint(file);
  process.stdout.write(`${name}, remarks on ${file}: ${remarks.length}\n`);
  for (const remark of remarks) process.stdout.write(`  ${remark}\n`);
  if (remarks.length > 0) process.exitCode = 1;
}
