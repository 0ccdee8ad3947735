import { describe, expect, it } from 'vitest';
import { waitFor } from './pace.ts';

describe('what is asked next', () => {
  it('is about where the handle is now, as soon as the answer before has come', () => {
    expect(waitFor({ at: '2023-12-20' }, { at: '2023-12-19' }, false, 80)).toBe(0);
    expect(waitFor({ at: '2023-12-20', 'min-sequence': 9 }, { at: '2023-12-20', 'min-sequence': 9 }, true, 80)).toBe(
      undefined,
    );
  });

  it('takes the place of a question that is still on its way only when the handle rests', () => {
    expect(waitFor({ at: '2023-12-20' }, { at: '2023-12-19' }, true, 80)).toBeGreaterThan(0);
    expect(waitFor({ known: 5 }, { 'min-sequence': 9 }, true, 80)).toBeGreaterThan(0);
  });

  it('never throws an answer away because another event came: however fast they come, the page moves on', () => {
    expect(waitFor({ 'min-sequence': 10 }, { 'min-sequence': 9 }, true, 80)).toBe(undefined);
    expect(waitFor({ 'min-sequence': 10 }, { 'min-sequence': 9 }, false, 80)).toBe(80);
    expect(waitFor({ 'min-sequence': 10 }, { 'min-sequence': 9 }, false, 1e9)).toBe(10_000);
  });
});
