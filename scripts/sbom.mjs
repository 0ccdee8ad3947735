import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { lockedPackages } from './dependencies/lockedPackages.mjs';
import { notAllowed } from './dependencies/licences.mjs';
import { root } from './ensure/root.mjs';

// Writes which packages Lading ships, as a CycloneDX file, from the lock file: `npm run sbom [-- FILE]`. The tool is not among the
// dependencies (docs/decisions/020): npm fetches it at this version, and without its optional parts.
const TOOL = '@cyclonedx/cyclonedx-npm@6.0.1';

const file = resolve(process.argv[2] ?? 'sbom.cdx.json');
const shipped = lockedPackages().filter(({ tool }) => !tool);
const refused = notAllowed(shipped);
for (const { name, version, license } of refused) {
  process.stdout.write(`${name} ${version} has a licence that is not allowed: ${license ?? 'none'}\n`);
}
process.stdout.write(
  `${shipped.length} shipped packages. Fetching ${TOOL} from npm's registry, unless npm has it already …\n`,
);
const npx = ['exec', '--yes', '--omit=optional', '--ignore-scripts', `--package=${TOOL}`, '--', 'cyclonedx-npm'];
const options = ['--package-lock-only', '--omit', 'dev', '--spec-version', '1.6', '--output-reproducible'];
const { status, error } = spawnSync(
  'npm',
  [...npx, ...options, '--output-format', 'JSON', '--no-validate', '--output-file', file],
  { cwd: root, stdio: 'inherit' },
);
if (status === 0) process.stdout.write(`written: ${file}\n`);
else process.stdout.write(`no file was written: npm could not run ${TOOL} ${error?.message ?? ''}\n`);
process.exitCode = status === 0 && refused.length === 0 ? 0 : 1;
