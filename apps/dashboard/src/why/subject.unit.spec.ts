import { describe, expect, it } from 'vitest';
import { subjectOf, subjectText } from './subject.ts';

describe('what a number counts', () => {
  it.each([
    { owner: 'x', item: 'H100', stage: 'held' },
    { owner: 'a:b~c%7E', order: 'PO~1', line: '%25' },
  ])('is read from an address as it was written: %j', (subject) => {
    expect(subjectOf(subjectText(subject))).toEqual(subject);
  });

  it.each([undefined, '', 'nothing', 'colour:red'])('is nothing where %s names no account', (text) => {
    expect(subjectOf(text)).toBeUndefined();
  });
});
