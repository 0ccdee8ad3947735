import { describe, expect, it } from 'vitest';
import { bundle } from '@swc/core';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createContext, SourceTextModule, SyntheticModule } from 'node:vm';
import * as zod from 'zod';
import { examples } from './examples.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));
const files = readdirSync(folder).filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'));

/** Everything that the contracts export, as one text for a browser; zod, which runs in browsers, is left to be imported. */
async function bundled(): Promise<string> {
  const place = mkdtempSync(join(tmpdir(), 'lading-contracts-'));
  try {
    const entry = join(place, 'entry.ts');
    writeFileSync(entry, files.map((file) => `export * from '${join(folder, file)}';\n`).join(''));
    const output = await bundle({
      mode: 'production',
      target: 'browser',
      entry: { contracts: entry },
      output: { path: place, name: 'contracts' },
      module: {},
      externalModules: ['zod'],
      options: { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } },
    });
    return Object.values(output)[0]?.code ?? '';
  } finally {
    rmSync(place, { recursive: true });
  }
}

/** What a window has that the contracts may use; `Buffer`, `process` and `require` are not among it. */
const browser = () => createContext({ TextDecoder, TextEncoder, URL });

interface Contracts {
  readonly catalog: Record<string, { readonly submitted: zod.z.ZodType }>;
  readonly parseEvent: (bytes: Uint8Array) => unknown;
  readonly eventText: (event: unknown) => string;
}

describe('the contracts', () => {
  it('are bundled for a browser and run there: they import nothing but zod, and use nothing that only Node has', async () => {
    const code = await bundled();
    const context = browser();
    const imported: string[] = [];
    const module = new SourceTextModule(code, { context, identifier: 'contracts' });
    await module.link((specifier) => {
      imported.push(specifier);
      return new SyntheticModule(
        Object.keys(zod),
        function () {
          for (const [name, value] of Object.entries(zod)) this.setExport(name, value);
        },
        { context },
      );
    });
    await module.evaluate();
    expect([...new Set(imported)]).toEqual(['zod']);

    const { catalog, parseEvent, eventText } = module.namespace as unknown as Contracts;
    for (const [type, { submitted }] of Object.entries(catalog)) {
      expect(submitted.safeParse(examples[type as keyof typeof examples]).success).toBe(true);
    }
    const event = {
      ...{ id: 'e', source: 's', type: 't', subject: 'x', time: '2024-01-01T00:00:00Z', ledger: 'nvidia', sequence: 1 },
      ...{ recordedtime: '2024-01-01T00:00:00Z', actor: 'a', data: {} },
    };
    expect(parseEvent(new TextEncoder().encode(eventText(event)))).toMatchObject(event);
  });
});
