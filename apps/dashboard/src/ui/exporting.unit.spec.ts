import { describe, expect, it } from 'vitest';
import { csvOf } from './exporting.ts';

describe('an export', () => {
  it('says in every line of which moment it is, and runs nothing in a spreadsheet', () => {
    const rows = [
      { party: 'x', units: -5, note: 'a "b", c' },
      { party: '=HYPERLINK("http://x")', units: 12_000, more: [1] },
    ];
    expect(csvOf(rows, { at: '2023-12-31' })).toBe(
      [
        'party,units,note,as of at,more',
        'x,-5,"a ""b"", c",2023-12-31,',
        '"\'=HYPERLINK(""http://x"")",12000,,2023-12-31,[1]',
        '',
      ].join('\r\n'),
    );
  });
});
