import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { evidencePage } from '#evidence/evidenceFile';
import { DAMAGES, sampleEvidence } from '#test/evidence/sampleEvidence';
import { exitCodes } from '../exitCodes.ts';
import { run } from '../program.ts';

const GOLDEN = new URL('../../../../libs/contracts/golden/lading.swap.executed.v1.fields.json', import.meta.url);
const event = readFileSync(GOLDEN, 'utf8').trimEnd();
const sample = await sampleEvidence({ event, witness: 'witness.example/w1' });
const [key = '', witness = ''] = sample.keys;
const damaged = DAMAGES[0]![2](sample);

/** Runs `lading evidence …` here. */
async function evidence(...args: string[]) {
  const printed: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((text) => void printed.push(String(text)));
  const error = vi.spyOn(console, 'error').mockImplementation((text) => void printed.push(String(text)));
  const code = await run(['node', 'lading', 'evidence', ...args]);
  log.mockRestore();
  error.mockRestore();
  return { code, text: printed.join('\n') };
}

describe('lading evidence', () => {
  let folder: string;
  let service: Server;
  let answered = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lading-evidence-'));
    service = createServer((_, response) => response.end(answered)).listen(0, '127.0.0.1');
    await once(service, 'listening');
  });
  afterAll(() => {
    service.close();
    rmSync(folder, { recursive: true });
  });

  const file = (text: string): string => {
    const path = join(folder, 'evidence');
    writeFileSync(path, text);
    return path;
  };
  const get = (...args: string[]) => {
    const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
    return evidence('--url', url, '--key', 'k', '-l', 'nvidia', '-s', '20', ...args);
  };

  it.each([
    ['a tlog-proof', sample.proof],
    ['a page', evidencePage('Evidence', sample)],
  ])('checks %s without a service, and is sure only with a key that its reader trusts', async (_, text) => {
    const held = await evidence(file(text), '--verifier-key', key, '--witness', witness);
    expect(held).toMatchObject({ code: 0, text: expect.stringContaining('Verified: event 20') });
    expect((await evidence(file(text))).code).toBe(exitCodes.unknown);
    const other = await sampleEvidence({ event });
    expect((await evidence(file(text), '--verifier-key', other.keys[0]!)).code).toBe(exitCodes.broken);
  });

  it('finds a damaged file, and one that is no evidence', async () => {
    const changed = await evidence(file(evidencePage('Evidence', damaged)), '--verifier-key', key);
    expect(changed).toMatchObject({ code: exitCodes.broken, text: expect.stringContaining('NOT verified') });
    expect((await evidence(file(''))).code).toBe(exitCodes.broken);
    expect((await evidence(join(folder, 'none'))).code).toBe(exitCodes.usage);
    expect(await evidence('--bundle', file('{"no":"bundle"}\n'), '-s', '1')).toMatchObject({
      ...{ code: exitCodes.broken, text: expect.stringContaining('is no bundle') },
    });
    expect((await evidence()).code).toBe(exitCodes.usage);
  });

  it('demands as many witnesses as were asked for', async () => {
    const alone = file((await sampleEvidence({ event })).proof);
    expect((await evidence(alone, '--verifier-key', key, '--quorum', '1')).code).toBe(exitCodes.usage);
    const few = await evidence(file(sample.proof), '--verifier-key', key, '--witness', witness, key, '--quorum', '2');
    expect(few.code).not.toBe(0);
  });

  it('is written, and not called verified, when nothing was held against it but the key that came with it', async () => {
    const out = join(folder, 'unsure.tlog-proof');
    answered = evidencePage('Evidence', sample);
    expect(await get('--out', out)).toMatchObject({
      ...{ code: exitCodes.unknown, text: expect.stringMatching(/nothing but the key that came with it/) },
    });
    expect(readFileSync(out, 'utf8')).toBe(sample.proof);
  });

  it('writes what it got only when it verifies, and puts its own program into the page', async () => {
    const out = join(folder, 'out.html');
    answered = evidencePage('Evidence', sample).replace("'use strict'", "'use lax'");
    expect(await get('--html', '--out', out, '--verifier-key', key)).toMatchObject({
      ...{ code: 0, text: expect.stringContaining(key) },
    });
    expect(readFileSync(out, 'utf8')).toContain("'use strict'");
    rmSync(out);
    expect(await get('--out', join(folder, 'no folder', 'out'))).toMatchObject({
      ...{ code: exitCodes.usage, text: expect.stringContaining('cannot be written') },
    });
    for (const other of [
      ['-s', '19'],
      ['-l', 'amd'],
    ])
      expect(await get(...other, '--out', out)).toMatchObject({
        ...{ code: exitCodes.broken, text: expect.stringMatching(/is evidence of event 20 of nvidia, not of event/) },
      });
    answered = evidencePage('Evidence', damaged);
    expect((await get('--html', '--out', out)).code).toBe(exitCodes.broken);
    expect(() => readFileSync(out)).toThrow('ENOENT');
  });
});
