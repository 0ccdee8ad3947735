import { describe, expect, it } from 'vitest';
import { csvOf } from './csv.ts';

const textOf = async (...asked: Parameters<typeof csvOf>) => (await csvOf(...asked)).toString();

const account = { owner: 'x', custodian: 'x', item: 'H100', order: 'PO-1', line: '1', stage: 'held', shipment: null };

describe('rows as CSV', () => {
  it('have a line of names, a line for each row, an empty cell for null, and CRLF after every line', async () => {
    expect(await textOf('Holding', [{ ...account, quantity: -5 }])).toBe(
      'owner,custodian,item,order,line,stage,shipment,quantity,substitutes,negative\r\nx,x,H100,PO-1,1,held,,-5,,\r\n',
    );
  });

  it('have the same columns on an empty page, and only those that were asked for', async () => {
    expect(await textOf('Holding', [], ['owner', 'quantity'])).toBe('owner,quantity\r\n');
  });

  it('have a column for each field of an object, and lists as JSON', async () => {
    const line = {
      line: '1',
      item: 'H100',
      quantity: 1,
      cancelled: 0,
      window: { from: '2024-01-01', to: '2024-01-31' },
      units: [],
    };
    const order = { order: 'PO-1', buyer: 'x', supplier: 'nvidia', placed: '2024-01-01T00:00:00Z', lines: [line] };
    const [header = '', row = ''] = (await textOf('Order', [order])).split('\r\n');
    expect(header).toBe('order,buyer,supplier,placed,lines,partial');
    expect(row).toBe(`PO-1,x,nvidia,2024-01-01T00:00:00Z,"${JSON.stringify([line]).replaceAll('"', '""')}",`);
    expect((await textOf('QueuePlace', [])).split('\r\n')[0]).toBe(
      'position,order,line,buyer,owner,window.from,window.to,quantity,ordered,in_transit,held,due,promised.code,' +
        'promised.quantity,promised.window.from,promised.window.to,promised.reason,promised.ordered.quantity,' +
        'promised.ordered.window.from,promised.ordered.window.to,promised.sequence,promised.confirmed,promised.stands,onHold',
    );
  });

  it.each([
    ['=1+1', `"'=1+1"`],
    ['+1', `"'+1"`],
    ['-1', `"'-1"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    ['\t=1', `"'\t=1"`],
    ['＝1', `"'＝1"`],
    ['=HYPERLINK("http://x","y")', `"'=HYPERLINK(""http://x"",""y"")"`],
  ])('a text that a spreadsheet would run, %s, is a text', async (text, written) => {
    expect(await textOf('Item', [{ name: text }], ['name'])).toBe(`name\r\n${written}\r\n`);
  });

  it.each([
    ['a, b', '"a, b"'],
    ['say "yes"', '"say ""yes"""'],
    ['one\ntwo', '"one\ntwo"'],
    ['one\r\ntwo', '"one\r\ntwo"'],
    [' blank ', '" blank "'],
    ['plain', 'plain'],
    ['', ''],
  ])('%s is quoted as RFC 4180 says', async (text, written) => {
    expect(await textOf('Item', [{ name: text }], ['name'])).toBe(`name\r\n${written}\r\n`);
  });

  it('are written in turns: others are served between two rows that take long', async () => {
    let served = 0;
    function* rows() {
      for (let row = 0; row < 3; row++) {
        // Longer than a turn, on any machine.
        for (const began = performance.now(); performance.now() - began < 6; );
        setImmediate(() => served++);
        yield { name: `row ${row}, served ${served}` };
      }
    }
    // An immediate that was asked for during a turn comes after that turn, or after the one that follows.
    expect(await textOf('Item', rows(), ['name'])).toMatch(/"row 2, served [12]"/);
  });
});
