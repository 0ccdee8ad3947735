import { expect } from 'vitest';
import { eventually } from '../feed/eventually.ts';
import { AUTHORIZATION, PATH } from '../topology/startTopology.ts';

/** Resolves when the read models have this sequence. */
export async function visible(url: string, sequence: number, milliseconds = 60_000): Promise<void> {
  await eventually(async () => {
    const response = await fetch(`${url}${PATH}/holdings?limit=1&min-sequence=${sequence}`, { headers: AUTHORIZATION });
    expect(`${response.status} ${await response.text()}`).toMatch(/^200 /);
  }, milliseconds);
}
