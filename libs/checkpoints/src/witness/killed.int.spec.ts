import { expect, it } from 'vitest';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { formatVerifierKey } from '#proofs/signedNote';
import { killedProgram } from '#test/checkpoints/killedProgram';
import { checkpointBy, honest, liar, type Log, ORIGIN, request } from '#test/checkpoints/logs';
import { temporaryFolder } from '#test/setup/temporaryFolder';
import { makeSigningKeys, readSigningKeys, verifierKeyOf } from '../signingKeys.ts';
import { Witness } from './witness.ts';

it('a process of a witness that is killed before it keeps a checkpoint, or before it answers, never cosigns a fork when it is back', async () => {
  const folder = await temporaryFolder('witness');
  const keysIn = async (name: string) => {
    const file = { path: join(folder, name), setting: '--data' };
    await makeSigningKeys(file, `${name}.example`);
    return (await readSigningKeys(file))!;
  };
  const [own, ofLog] = [await keysIn('witness.key'), await keysIn('log.key')];
  const key = await verifierKeyOf(ofLog.keys[0]!, ORIGIN);
  const asked = async (log: Log, old: number, size: number) => {
    const proof = old === 0 || old === size ? [] : await log.proof(old, size);
    return request(old, proof, await checkpointBy(ofLog, { origin: ORIGIN, size, root: log.root(size) }));
  };
  /** The same folder, as a process that begins again finds it. */
  const again = async (log: Log, old: number, size: number) =>
    new Witness({ folder, keys: async () => own, logs: [key] }).addCheckpoint(await asked(log, old, size));

  expect((await again(honest, 0, 7)).status).toBe(200);
  let known = 7;
  for (const [step, size] of [
    ['before checkpoint', 9],
    ['answering', 15],
  ] as const) {
    const args = ['witness', '--data', folder, '--port', '0', '--log', formatVerifierKey(key)];
    const witness = await killedProgram(step, args, {});
    let said = '';
    witness.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
    const ended = once(witness, 'exit');
    const isOver = ended.then(() => true);
    while (!said.includes('answers at')) {
      if ((await Promise.race([once(witness.stderr!, 'data'), isOver])) === true) throw new Error(`it ended:\n${said}`);
    }
    const [url = ''] = /http:\S+/.exec(said) ?? [];
    const body = Buffer.from(await asked(honest, known, size));
    await expect(fetch(`${url}/add-checkpoint`, { method: 'POST', body })).rejects.toThrow();
    expect([step, ...(await ended)]).toEqual([step, null, 'SIGKILL']);
    if (!step.startsWith('before')) known = size;
    expect(await again(honest, 0, 20)).toMatchObject({ status: 409, body: `${known}\n` });
    for (const other of [known, 20]) expect((await again(liar, known, other)).status).toBe(422);
  }
  expect((await again(honest, known, 20)).status).toBe(200);
  await rm(folder, { recursive: true });
});
