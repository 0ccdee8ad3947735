import { describe, expect, it } from 'vitest';
import { generateKeyPairSync, sign as ed25519 } from 'node:crypto';
import { cosign, cosignaturesOf, formatCheckpoint, parseCheckpoint } from './checkpoint.ts';
import { inBrowser } from './inBrowser.ts';
import { onNode } from './onNode.ts';
import {
  COSIGNATURE,
  ED25519,
  formatNote,
  formatVerifierKey,
  parseNote,
  parseVerifierKey,
  signersOf,
  signNote,
  verifierKey,
} from './signedNote.ts';
import { bytesOf, textOf, toBase64 } from './text.ts';
import { formatTlogProof, parseTlogProof } from './tlogProof.ts';

/** The examples that C2SP and Go publish. */
const PUBLISHED = [
  {
    key: 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
    note: 'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n',
  },
  {
    key: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
    note: "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n",
  },
];

async function signer(name: string, kind: typeof ED25519 | typeof COSIGNATURE = ED25519) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const key = await verifierKey(name, kind, raw, onNode);
  return { key, sign: (data: Uint8Array) => ed25519(null, data, privateKey) };
}

const ROOT = toBase64(new Uint8Array(32).fill(7));
const TEXT = `lading.example/nvidia\n17\n${ROOT}\n`;

describe('a signed note', () => {
  it.each(PUBLISHED)(
    'that was published verifies with its key, on Node and in a browser: $key',
    async ({ key, note }) => {
      const parsed = parseNote(bytesOf(note));
      const known = await parseVerifierKey(key, onNode);
      expect(formatVerifierKey(known)).toBe(key);
      expect(await signersOf(parsed, [known], onNode)).toEqual([known]);
      expect(await signersOf(parsed, [known], inBrowser)).toEqual([known]);
      expect(textOf(formatNote(parsed))).toBe(note);
      const changed = parseNote(bytesOf(note.replace('is', 'was')));
      await expect(signersOf(changed, [known], onNode)).rejects.toThrow('is not its own');
      await expect(signersOf(changed, [known], inBrowser)).rejects.toThrow('is not its own');
    },
  );

  it('is refused as a whole when one known key signed wrongly, though another signed right; unknown keys are passed over', async () => {
    const [one, other, stranger] = await Promise.all([signer('one'), signer('other'), signer('one')]);
    const right = await signNote(TEXT, one.key, one.sign);
    const wrong = { ...(await signNote(TEXT, other.key, other.sign)), signature: right.signature };
    const note = { text: TEXT, signatures: [right, wrong] };
    await expect(signersOf(note, [one.key, other.key], onNode)).rejects.toThrow(
      'the signature of other is not its own',
    );
    expect(await signersOf(note, [one.key], onNode)).toEqual([one.key]);
    expect(await signersOf(note, [stranger.key], onNode)).toEqual([]);
    const short = { text: TEXT, signatures: [{ ...right, signature: right.signature.subarray(1) }] };
    await expect(signersOf(short, [one.key], onNode)).rejects.toThrow('the signature of one is not its own');
  });

  it.each([
    ['without an empty line before its signatures', 'text\n— a AAAAAAA=\n', 'an empty line'],
    ['without a signature', 'text\n\n', 'at least one signature'],
    ['that does not end with a newline', 'text\n\n— a AAAAAAAA', 'ends with a newline'],
    ['with a carriage return', 'text\r\n\n— a AAAAAAAA\n', 'no control character'],
    ['with a tab', 'te\txt\n\n— a AAAAAAAA\n', 'no control character'],
    ['with a NUL', 'te\0xt\n\n— a AAAAAAAA\n', 'no control character'],
    ['with a hyphen for the dash', 'text\n\n- a AAAAAAAA\n', 'a dash, a name and base64'],
    ['with two blanks', 'text\n\n—  a AAAAAAAA\n', 'a dash, a name and base64'],
    ['with a blank at the end', 'text\n\n— a AAAAAAAA \n', 'a dash, a name and base64'],
    ['with a plus in a name', 'text\n\n— a+b AAAAAAAA\n', 'a blank or a plus'],
    ['with a blank of Unicode in a name', 'text\n\n— a\u00a0b AAAAAAAA\n', 'a blank or a plus'],
    ['without a name', 'text\n\n—  AAAAAAAA\n', 'is empty'],
    ['with base64 that is not padded', 'text\n\n— a AAAAAAA\n', 'canonical base64'],
    ['with bits in base64 that nobody reads', 'text\n\n— a AAAAAAB=\n', 'canonical base64'],
    ['with base64 of URLs', 'text\n\n— a AAAA-_AA\n', 'canonical base64'],
    ['with a signature of no bytes', 'text\n\n— a AAAAAA==\n', 'shorter than the id'],
    ['with too many signatures', `text\n\n${'— a AAAAAAAA\n'.repeat(101)}`, 'at most 100 signatures'],
    ['that is larger than any', `${'x'.repeat(1_000_001)}\n\n— a AAAAAAAA\n`, 'at most 1000000 bytes'],
  ])('%s is refused', (_, note, why) => {
    expect(() => parseNote(bytesOf(note))).toThrow(why);
  });

  it('that is not UTF-8 is refused', () => {
    expect(() => parseNote(Uint8Array.from([0xff, 0x0a, 0x0a]))).toThrow('it is not UTF-8');
    expect(() => parseNote(Uint8Array.from([0xc0, 0x80, 0x0a, 0x0a]))).toThrow('it is not UTF-8');
  });

  it('may have empty lines in its text: the last one divides it from its signatures', async () => {
    const { key, sign } = await signer('a');
    const text = 'one\n\n— a AAAAAAAA\n\ntwo\n';
    const note = parseNote(formatNote({ text, signatures: [await signNote(text, key, sign)] }));
    expect(note.text).toBe(text);
    expect(await signersOf(note, [key], onNode)).toEqual([key]);
  });

  it.each([
    ['example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k', 'the id of the verifier key is 530d903a'],
    ['example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k', 'the id of the verifier key is 530d903a'],
    ['example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k', 'is of Ed25519'],
    ['example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3Q==', 'has 32 bytes'],
    ['example.com/foo+530d903a', 'is of Ed25519'],
    ['+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k', 'is empty'],
    ['', 'is of Ed25519'],
  ])('has no verifier key like %s', async (key, why) => {
    await expect(parseVerifierKey(key, onNode)).rejects.toThrow(why);
  });
});

describe('a checkpoint', () => {
  it('says its log, its size and its root, and is written as it was read', async () => {
    const { key, sign } = await signer('lading.example/nvidia');
    const signatures = [await signNote(TEXT, key, sign)];
    const checkpoint = parseCheckpoint(formatNote({ text: TEXT, signatures }));
    expect(checkpoint).toMatchObject({ origin: 'lading.example/nvidia', size: 17, extensions: [] });
    expect(toBase64(checkpoint.root)).toBe(ROOT);
    expect(formatCheckpoint(checkpoint)).toBe(TEXT);
    expect(await signersOf(checkpoint.note, [key], onNode)).toEqual([key]);
  });

  it.each([
    ['a size with a leading zero', `log\n017\n${ROOT}\n`, 'without leading zeros'],
    ['a size with a sign', `log\n+17\n${ROOT}\n`, 'without leading zeros'],
    ['a size in other digits', `log\n١٧\n${ROOT}\n`, 'without leading zeros'],
    ['a size that no number holds', `log\n9007199254740993\n${ROOT}\n`, 'larger than'],
    ['no root', 'log\n17\n', 'has 0 bytes'],
    ['a short root', `log\n17\n${toBase64(new Uint8Array(31))}\n`, 'has 31 bytes'],
    ['an empty line', `log\n17\n${ROOT}\nmore\n\nrest\n`, 'a line of a checkpoint is empty'],
    ['no log', `\n17\n${ROOT}\n`, 'names its log'],
  ])('with %s is refused', (_, text, why) => {
    expect(() => parseCheckpoint(bytesOf(`${text}\n— a AAAAAAAA\n`))).toThrow(why);
  });

  it('has the cosignatures of the witnesses that are asked for, each with its time; one that is wrong refuses it', async () => {
    const [one, two, third] = await Promise.all(['one', 'two', 'three'].map((name) => signer(name, COSIGNATURE)));
    const early = await cosign(TEXT, one!.key, 1_700_000_000, one!.sign);
    const late = await cosign(TEXT, one!.key, 1_700_000_060, one!.sign);
    const signatures = [early, late, await cosign(TEXT, two!.key, 1_700_000_001, two!.sign)];
    const witnesses = [one!.key, third!.key];
    const note = { text: TEXT, signatures };
    expect(await cosignaturesOf(note, witnesses, onNode)).toEqual([{ witness: one!.key, time: 1_700_000_060 }]);
    const moved = { ...early, signature: Uint8Array.from(early.signature) };
    moved.signature[7]! ^= 1;
    await expect(cosignaturesOf({ text: TEXT, signatures: [late, moved] }, witnesses, onNode)).rejects.toThrow(
      'of one',
    );
    const cut = { ...late, signature: late.signature.subarray(0, 71) };
    await expect(cosignaturesOf({ text: TEXT, signatures: [cut] }, witnesses, onNode)).rejects.toThrow('of one');
    // A plain signature by the key of a witness says nothing of a time, and is no cosignature.
    const plain = { ...late, signature: one!.sign(bytesOf(TEXT)) };
    await expect(cosignaturesOf({ text: TEXT, signatures: [plain] }, witnesses, onNode)).rejects.toThrow('of one');
  });
});

describe('a proof as a file', () => {
  const hash = new Uint8Array(32).fill(9);
  const files = ['', `extra ${toBase64(bytesOf('{"id":"1"}'))}\n`].map(
    (extra) => `c2sp.org/tlog-proof@v1\n${extra}index 16\n${toBase64(hash)}\n${ROOT}\n\n${TEXT}\n— a AAAAAAAA\n`,
  );

  it.each(files)('is read and written to the byte', (file) => {
    const proof = parseTlogProof(bytesOf(file));
    expect(proof).toMatchObject({ index: 16, checkpoint: { size: 17 } });
    expect(proof.inclusion.map(toBase64)).toEqual([toBase64(hash), ROOT]);
    expect(textOf(formatTlogProof(proof))).toBe(file);
  });

  it('of a tree of one leaf has no hashes', () => {
    const file = `c2sp.org/tlog-proof@v1\nindex 0\n\n${TEXT}\n— a AAAAAAAA\n`;
    expect(textOf(formatTlogProof(parseTlogProof(bytesOf(file))))).toBe(file);
  });

  it.each([
    ['another first line', (file: string) => file.replace('@v1', '@v2'), 'the first line'],
    ['no index', (file: string) => file.replace('index 16\n', ''), 'says the index'],
    ['an index with a leading zero', (file: string) => file.replace('index 16', 'index 016'), 'without leading zeros'],
    ['a hash that is cut', (file: string) => file.replace(toBase64(hash), toBase64(hash.subarray(1))), 'has 31 bytes'],
    ['two extras', (file: string) => file.replace('index', 'extra AAAA\nextra AAAA\nindex'), 'says the index'],
    ['extra data that is no base64', (file: string) => file.replace('index', 'extra A\nindex'), 'canonical base64'],
    ['no empty line', (file: string) => file.replaceAll('\n\n', '\n'), 'an empty line'],
    ['too long a path', (file: string) => file.replace(ROOT, `${ROOT}\n`.repeat(64).trimEnd()), 'at most 63 hashes'],
    ['a carriage return', (file: string) => file.replace('index 16', 'index 16\r'), 'without leading zeros'],
  ])('with %s is refused', (_, spoil, why) => {
    expect(() => parseTlogProof(bytesOf(spoil(files[0]!)))).toThrow(why);
  });
});
