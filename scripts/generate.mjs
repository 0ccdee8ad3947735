import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensure } from './ensure.mjs';
import { root } from './ensure/root.mjs';

// Writes the files that follow from the code: the JSON Schemas, AsyncAPI and OpenAPI, and the page of evidence. A test fails when they have drifted.
// With --publish, for a release, the event schemas become what every later version has to be compatible with.
await ensure();
const built = pathToFileURL(join(root, 'dist/test/contracts/generatedFiles.js')).href;
/** @type {{generatedFiles: () => Map<string, string>}} */
const { generatedFiles } = await import(built);
const document = pathToFileURL(join(root, 'dist/apps/cli/src/up/contractDocument.js')).href;
/** @type {{contractDocument: () => Promise<unknown>}} */
const { contractDocument } = await import(document);
const files = new Map(generatedFiles()).set('openapi.json', `${JSON.stringify(await contractDocument(), null, 2)}\n`);
const publish = process.argv.includes('--publish');
for (const [path, text] of files) {
  if (publish && path.startsWith('schemas/lading.')) {
    writeFileSync(join(root, 'libs/contracts/published', basename(path)), text);
  }
  const file = join(root, 'libs/contracts/generated', path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
const template = pathToFileURL(join(root, 'dist/test/evidence/evidenceTemplate.js')).href;
/** @type {{evidenceTemplate: (root: string) => string}} */
const { evidenceTemplate } = await import(template);
writeFileSync(join(root, 'libs/evidence/src/page/evidence.html'), evidenceTemplate(root));
process.stdout.write(
  `${files.size} files written under libs/contracts/generated/${publish ? ', the event schemas published' : ''}, and libs/evidence/src/page/evidence.html\n`,
);
