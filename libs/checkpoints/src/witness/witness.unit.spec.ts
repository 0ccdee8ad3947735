import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cosignaturesOf, parseCheckpoint } from '#proofs/checkpoint';
import { onNode } from '#proofs/onNode';
import { concat } from '#proofs/primitives';
import { COSIGNATURE, parseNote } from '#proofs/signedNote';
import { bytesOf, textOf, toBase64 } from '#proofs/text';
import { checkpointBy, honest, liar, type Log, ORIGIN, request } from '#test/checkpoints/logs';
import { makeSigningKeys, readSigningKeys, verifierKeyOf } from '../signingKeys.ts';
import { Witness, type WitnessAnswer } from './witness.ts';

describe('a witness', () => {
  let folder: string;
  let witness: Witness;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lading-witness-'));
    for (const name of ['log', 'witness', 'other']) await makeSigningKeys(file(name), `${name}.example`);
    witness = await start();
  });
  afterEach(() => rm(folder, { recursive: true }));

  const file = (name: string) => ({ path: join(folder, `${name}.key`), setting: '--data' });
  const keys = async (name: string) => (await readSigningKeys(file(name)))!;
  const state = join('state', createHash('sha256').update(ORIGIN).digest('hex'));
  const start = async (onKept?: () => void): Promise<Witness> =>
    new Witness({
      ...{ folder: join(folder, 'state'), keys: () => keys('witness') },
      logs: [await verifierKeyOf((await keys('log')).keys[0]!, ORIGIN)],
      ...(onKept && { onKept }),
    });

  const checkpoint = async (log: Log, size: number, { origin = ORIGIN, by = 'log', root = log.root(size) } = {}) => {
    return checkpointBy(await keys(by), { origin, size, root });
  };
  const add = async (log: Log, old: number, size: number, by = witness): Promise<WitnessAnswer> =>
    by.addCheckpoint(
      request(old, old === 0 || old === size ? [] : await log.proof(old, size), await checkpoint(log, size)),
    );
  /** That the answer is the witness's own cosignature of this checkpoint, as a client verifies it. */
  const isCosigned = async ({ status, body }: WitnessAnswer, note: Uint8Array) => {
    expect({ status, body: status === 200 ? '' : body }).toEqual({ status: 200, body: '' });
    const own = await verifierKeyOf((await keys('witness')).keys[0]!, 'witness.example', COSIGNATURE);
    const { text } = parseNote(note);
    const cosigned = parseNote(concat([bytesOf(`${text}\n`), bytesOf(String(body))]));
    expect(await cosignaturesOf(cosigned, [own], onNode)).toHaveLength(1);
  };

  it('cosigns a log that only grows, and hands out the newest checkpoint with both signatures', async () => {
    for (const [old, size] of [
      [0, 7],
      [7, 7],
      [7, 8],
      [8, 40],
    ] as const)
      await isCosigned(await add(honest, old, size), await checkpoint(honest, size));
    const bytes = (await witness.checkpoint(state.slice('state/'.length)))!;
    expect(parseCheckpoint(bytes)).toMatchObject({ origin: ORIGIN, size: 40, note: { signatures: { length: 2 } } });
    expect(await witness.checkpoint('0'.repeat(64))).toBeUndefined();
  });

  it('answers what it does not cosign as C2SP says', async () => {
    const good = await checkpoint(honest, 7);
    const ask = async (body: Uint8Array) => (await witness.addCheckpoint(body)).status;
    expect(await ask(request(0, [], await checkpoint(honest, 7, { origin: 'log.example/other' })))).toBe(404);
    expect(await ask(request(0, [], await checkpoint(honest, 7, { by: 'other' })))).toBe(403);
    const forged = textOf(good).replace(
      /(— \S+ \S{20})./,
      (_, start: string) => `${start}${textOf(good).includes(`${start}A`) ? 'B' : 'A'}`,
    );
    expect(await ask(request(0, [], bytesOf(forged)))).toBe(403);
    expect(await ask(request(8, [], good))).toBe(400);
    expect(await witness.addCheckpoint(request(3, [], good))).toEqual({
      ...{ status: 409, type: 'text/x.tlog.size', body: '0\n' },
    });
    expect(await ask(request(0, [honest.root(1)], good))).toBe(422);
    expect(await ask(request(0, [], await checkpoint(honest, 0, { root: honest.root(1) })))).toBe(422);
    for (const body of ['', 'old 0\n', 'old 00\n\n', 'old -1\n\n', 'new 0\n\n', 'old 0\nAAAA\n\n', 'old 0 \n\n'])
      expect([body, await ask(concat([bytesOf(body), good]))]).toEqual([body, 400]);
    expect(
      await ask(
        request(
          0,
          Array.from({ length: 64 }, () => honest.root(1)),
          good,
        ),
      ),
    ).toBe(400);
    await isCosigned(await add(honest, 0, 7), good);
    expect(await add(honest, 0, 40)).toMatchObject({ status: 409, body: '7\n' });
    const proof = await honest.proof(7, 40);
    const newer = await checkpoint(honest, 40);
    expect(await ask(request(7, proof.slice(1), newer))).toBe(422);
    expect(await ask(request(7, [...proof, proof[0]!], newer))).toBe(422);
    expect(await ask(request(7, [honest.root(1)], good))).toBe(422);
  });

  it('never cosigns a fork: of two histories of one log it cosigns one, and keeps two trees of one size as evidence', async () => {
    const sent = [
      [honest, 7],
      [liar, 7],
      [liar, 8],
      [honest, 8],
    ] as const;
    const answers = await Promise.all(sent.map(([log, size]) => add(log, 0, size)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409]);
    // Whichever came first.
    const [log, size] = sent[answers.findIndex(({ status }) => status === 200)]!;
    const other = log === honest ? liar : honest;
    expect((await add(other, size, size)).status).toBe(422);
    expect((await add(other, size, size + 1)).status).toBe(422);
    await isCosigned(await add(log, size, size + 1), await checkpoint(log, size + 1));
    const fork = await readFile(join(folder, state, `fork-${size}`), 'utf8');
    for (const one of [log, other]) expect(fork).toContain(toBase64(one.root(size)));
  });

  it.each(['before it has kept a checkpoint', 'after it has kept a checkpoint, before it answers'])(
    'killed %s, it never cosigns a fork when it is back',
    async (when) => {
      await add(honest, 0, 7);
      const isBefore = when.startsWith('before');
      const dying = await start(() => {
        throw new Error('killed');
      });
      // What a process that was killed while it wrote leaves behind.
      if (isBefore) await writeFile(join(folder, state, 'checkpoint.0123'), 'log.example/nvi');
      else await expect(add(honest, 7, 9, dying)).rejects.toThrow('killed');
      witness = await start();
      const known = isBefore ? 7 : 9;
      for (const size of [known, 20]) expect((await add(liar, known, size)).status).toBe(422);
      expect(await add(honest, 0, 20)).toMatchObject({ status: 409, body: `${known}\n` });
      await isCosigned(await add(honest, known, 20), await checkpoint(honest, 20));
    },
  );

  it('cosigns nothing of a log whose file was changed, and says so', async () => {
    await add(honest, 0, 7);
    const [name = ''] = (await readdir(join(folder, state))).filter((one) => one === 'checkpoint');
    const path = join(folder, state, name);
    const text = await readFile(path, 'utf8');
    for (const changed of [text.replace('\n7\n', '\n6\n'), text.slice(0, -30), '']) {
      await writeFile(path, changed);
      witness = await start();
      await expect(add(honest, 6, 9)).rejects.toThrow(/is not what this witness has written: put back a copy/);
    }
  });
});
