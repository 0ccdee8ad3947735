import { describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { inBrowser } from '#proofs/inBrowser';
import { onNode } from '#proofs/onNode';
import { bytesOf } from '#proofs/text';
import { evidenceTemplate } from '#test/evidence/evidenceTemplate';
import { DAMAGES, sampleEvidence } from '#test/evidence/sampleEvidence';
import { packageRoot } from '#apps/cli/src/packageRoot';
import { checkEvidence, type EvidenceFile } from './check.ts';
import { evidencePage } from './evidenceFile.ts';
import { readEvidenceFile } from './readEvidenceFile.ts';

const GOLDEN = new URL('../../contracts/golden/lading.swap.executed.v1.fields.json', import.meta.url);
const event = readFileSync(GOLDEN, 'utf8').trimEnd();
const sample = await sampleEvidence({ event, witness: 'witness.example/w1' });

describe('a piece of evidence', () => {
  it.each([
    ['on Node', onNode],
    ['with the cryptography of a browser', inBrowser],
  ])('is verified %s, and says who signed and who witnessed it', async (_, primitives) => {
    const evidence = await checkEvidence(sample, primitives, 1);
    expect(evidence.checks.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
      'tree held',
      'event held',
      'signature held',
      'witnesses held',
    ]);
    expect(evidence).toMatchObject({ outcome: 'held', sequence: 20, checkpoint: { size: 30 } });
    expect(evidence.signers.map(({ name }) => name)).toEqual(['lading.example/nvidia']);
    expect(evidence.witnesses).toMatchObject([{ witness: { name: 'witness.example/w1' }, time: 1_764_273_600 }]);
  });

  it.each(DAMAGES)('is not verified after a change of %s: the check “%s” says so', async (_, finds, damage) => {
    const { outcome, checks } = await checkEvidence(damage(sample), onNode);
    expect(outcome).toBe('broken');
    expect(checks.filter((check) => check.outcome === 'broken').map(({ name }) => name)).toContain(finds);
  });

  it('without a verifier key to hold it against is neither verified nor refused', async () => {
    const { outcome } = await checkEvidence({ ...sample, keys: [] }, onNode);
    expect(outcome).toBe('unknown');
  });

  it('signed by the key of another ledger is refused, also where that key is given', async () => {
    const other = await sampleEvidence({ event, origin: 'lading.example/amd' });
    expect((await checkEvidence({ ...sample, keys: other.keys }, onNode)).outcome).toBe('broken');
    const { checks } = await checkEvidence(other, onNode);
    expect(checks).toContainEqual({
      name: 'event',
      outcome: 'broken',
      found: 'The event is of the ledger nvidia, and the checkpoint of lading.example/amd.',
    });
  });

  it('signed with another key of the same name says that the older one is to be given, too, after a rotation', async () => {
    const rotated = await sampleEvidence({ event });
    const [older = '', newer = ''] = [sample.keys[0], rotated.keys[0]];
    const { outcome, checks } = await checkEvidence({ ...sample, keys: [newer] }, onNode);
    expect([outcome, checks.find(({ name }) => name === 'signature')?.found]).toEqual([
      'broken',
      expect.stringMatching(
        /of lading.example\/nvidia, was not signed with any of the given keys\. A key with this name .* rotated .* give its older verifier key, too/,
      ),
    ]);
    expect((await checkEvidence({ ...sample, keys: [newer, older] }, onNode)).outcome).toBe('held');
    const elsewhere = await sampleEvidence({ event, origin: 'lading.example/amd' });
    const other = await checkEvidence({ ...sample, keys: elsewhere.keys }, onNode);
    expect(other.checks.find(({ name }) => name === 'signature')?.found).toBe(
      'The checkpoint is of lading.example/nvidia, and the given keys are of lading.example/amd.',
    );
  });

  it('whose event says another sequence than the proof is refused', async () => {
    const made = await sampleEvidence({ event });
    const moved = made.proof.replace(/(?<=^extra ).+$/m, (text) =>
      Buffer.from(Buffer.from(text, 'base64').toString().replace('0000020', '0000021')).toString('base64'),
    );
    expect((await checkEvidence({ ...made, proof: moved }, onNode)).checks).toContainEqual(
      expect.objectContaining({ name: 'event', outcome: 'broken' }),
    );
  });

  it('with fewer witnesses than are asked for is refused, and not judged where their keys are not given', async () => {
    const [own = ''] = sample.keys;
    const none = await sampleEvidence({ event });
    const strange = await sampleEvidence({ event, witness: 'witness.example/w2' });
    expect((await checkEvidence({ ...none, keys: [none.keys[0]!, strange.keys[1]!] }, onNode, 1)).outcome).toBe(
      'broken',
    );
    expect((await checkEvidence({ ...sample, keys: [own] }, onNode, 1)).outcome).toBe('unknown');
  });

  it('that proves bytes which are no event is refused', async () => {
    const made = await sampleEvidence({ event: '{"sequence":"3"}' });
    const { checks, outcome } = await checkEvidence(made, onNode);
    expect(outcome).toBe('broken');
    expect(checks).toContainEqual(expect.objectContaining({ name: 'event', outcome: 'broken' }));
  });
});

describe('the file of a piece of evidence', () => {
  const hostile: EvidenceFile = {
    proof: 'c2sp.org/tlog-proof@v1\n</pre><script>&amp;$&{{keys}}\n',
    keys: ['a<b>&c+1+x'],
  };

  it.each([
    ['evidence', sample],
    ['texts that would end it', hostile],
  ])('has %s in it, as it was put in, in both forms', (_, file) => {
    const page = evidencePage('Evidence <of> & $& {{proof}}', file);
    expect(readEvidenceFile(bytesOf(page))).toEqual(file);
    expect(readEvidenceFile(bytesOf(page.replaceAll('\n', '\r\n')))).toEqual(file);
    expect(readEvidenceFile(bytesOf(file.proof))).toEqual({ ...file, keys: [] });
    expect(page.match(/<script/g)).toHaveLength(1);
  });

  it.each([
    ['nothing', () => ''],
    ['another page', () => '<!doctype html><p>Hello</p>'],
    ['a page that is cut off', (page: string) => page.slice(0, page.indexOf('</pre>'))],
    ['a page with two proofs', (page: string) => page.replace('<h1', '<pre id="proof">x</pre><h1')],
  ])('is not %s', (_, of) => {
    expect(() => readEvidenceFile(bytesOf(of(evidencePage('Evidence', sample))))).toThrow('neither');
  });

  it('has the program in it that is in the sources today (npm run generate)', () => {
    const kept = readFileSync(new URL('./page/evidence.html', import.meta.url), 'utf8');
    expect(kept).toBe(evidenceTemplate(packageRoot));
  });
});
