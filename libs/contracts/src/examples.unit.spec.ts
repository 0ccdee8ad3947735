import { describe, expect, it } from 'vitest';
import { catalog, eventTypes, subjectOf } from './catalog.ts';
import { examples } from './examples.ts';

describe('the examples of the contract', () => {
  it.each(eventTypes)('the example of %s is taken as submitted data, as it is', (type) => {
    expect(catalog[type].submitted.parse(examples[type])).toEqual(examples[type]);
    expect(subjectOf(type, examples[type])).toMatch(/^(ledger|[a-z]+\/.+)$/);
  });

  it.each(eventTypes)('%s refuses a field that it does not know', (type) => {
    const result = catalog[type].submitted.safeParse({ ...examples[type], surprise: 1 });
    expect(result.error?.issues.map(({ code }) => code)).toContain('unrecognized_keys');
  });
});
