import { expect, it } from 'vitest';
import { cloudEventBatch } from './cloudEventBatch.ts';

it('a large batch says the same wherever its bytes are divided, and only a byte order mark at its start is passed over', async () => {
  const note = '€\ufeffä😀'.repeat(60_000);
  for (const blanks of [0, 1, 2, 3]) {
    const body = Buffer.from(`\ufeff${' '.repeat(blanks)}[${JSON.stringify(note)}]`);
    const { count, at } = await cloudEventBatch.parse(body, 10);
    expect(count).toBe(1);
    expect(at(0)).toMatchObject({ value: note });
  }
  const broken = Buffer.concat([Buffer.from(`["${note}`), Buffer.from([0xc3, 0x28]), Buffer.from('"]')]);
  await expect(cloudEventBatch.parse(broken, 10)).rejects.toThrow('not UTF-8');
});
