import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensure } from './ensure.mjs';
import { root } from './ensure/root.mjs';

// Writes the files that follow from the contracts: the JSON Schemas and AsyncAPI. A test fails when they have drifted.
await ensure();
const built = pathToFileURL(join(root, 'dist/libs/contracts/src/generatedFiles.js')).href;
/** @type {{generatedFiles: () => Map<string, string>}} */
const { generatedFiles } = await import(built);
const files = generatedFiles();
for (const [path, text] of files) {
  const file = join(root, 'libs/contracts/generated', path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
process.stdout.write(`${files.size} files written under libs/contracts/generated/\n`);
