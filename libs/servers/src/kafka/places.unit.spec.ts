import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rm } from 'node:fs/promises';
import { temporaryFolder } from '#test/setup/temporaryFolder';
import { placesOf } from './places.mjs';

describe('the brokers of one Kafka', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await temporaryFolder('places');
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('have the same places whenever they are started, so that each finds the others', async () => {
    const first = await placesOf(folder, 3);
    expect(first.map(({ node }) => node)).toEqual([1, 2, 3]);
    expect(new Set(first.flatMap(({ ports }) => ports.flatMap((one) => Object.values(one)))).size).toBe(6);
    expect(await placesOf(folder, 3)).toEqual(first);
  });

  it('stay as many as they were at first, and whoever wants another number is told what to do', async () => {
    await placesOf(folder, 3);
    await expect(placesOf(folder, 5)).rejects.toThrow(/has 3 brokers: start it with as many, or name another folder$/);
  });
});
