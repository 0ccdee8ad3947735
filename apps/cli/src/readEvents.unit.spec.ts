import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { elementsOf } from './jsonElements.ts';
import { readEvents } from './readEvents.ts';

let file: string;
let folder: string;
let said: string[];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lading-read-'));
  file = join(folder, 'events');
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  said = [];
  vi.spyOn(console, 'error').mockImplementation((text: string) => said.push(text.replace(folder, '')));
});
afterEach(() => {
  vi.restoreAllMocks();
});

async function texts(content: string | Buffer): Promise<string[]> {
  writeFileSync(file, content);
  const events: string[] = [];
  for await (const { text } of readEvents(file)) events.push(text);
  return events;
}

describe('the events of a file', () => {
  it('are cut at line feeds only: not at U+2028, U+2029, U+0085 or a lone carriage return', async () => {
    const lines = ['{"a":"\u2028\u2029\u0085"}', '{"b":1}\r', '{"c":\r1}'];
    expect(await texts(lines.join('\n'))).toEqual(lines);
  });

  it('keep their own text, with every digit and every repeated name, on lines and in an array', async () => {
    const events = ['{"n": 12345678901234567890, "x": 1.0, "x": 1e2}', '{"s":"a, ] \\" \\\\", "t":[1,[2]]}', '7'];
    expect(await texts(events.join('\n'))).toEqual(events);
    expect(await texts(`[ ${events.join(' ,\n ')} ]`)).toEqual(events);
    expect(elementsOf('[]', 0)).toEqual([]);
  });

  it('may be one event over several lines, which is sent as one line', async () => {
    expect(await texts('{\n "a": "x",\n "n": 1.0\n}\n')).toEqual(['{  "a": "x",  "n": 1.0 }']);
  });

  it('are read past a byte order mark and blank lines, which the command says', async () => {
    expect(await texts('\uFEFF{"a":1}\n\n \r\n{"b":2}\n')).toEqual(['{"a":1}', '{"b":2}']);
    expect(said).toEqual([
      '/events: the byte order mark at its beginning was passed over.',
      '/events: 2 blank lines were passed over.',
    ]);
    said = [];
    expect(await texts('\uFEFF[{"a":1}]')).toEqual(['{"a":1}']);
    expect(said).toEqual(['/events: the byte order mark at its beginning was passed over.']);
  });

  it.each([
    ['Windows-1252', Buffer.from('{"a":1}\n{"name":"M\xfcller"}\n', 'latin1'), 2, 19],
    ['a half character at its end', Buffer.from([0x22, 0xc3]), 1, 2],
    ['a surrogate', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 1, 2],
    ['UTF-16', Buffer.from('\ufeff{"a":1}', 'utf16le'), 1, 1],
  ])('are refused as a whole, with the line and the byte, where the file is %s', async (_, bytes, line, byte) => {
    writeFileSync(file, bytes);
    const given: unknown[] = [];
    const read = async (): Promise<void> => {
      for await (const event of readEvents(file)) given.push(event);
    };
    await expect(read()).rejects.toThrow(`${file}:${line} is not UTF-8 at byte ${byte} of the file: save it as UTF-8.`);
    expect(given).toEqual([]);
  });

  it('are not looked for in a folder, which says so in one line', async () => {
    await expect(readEvents(folder).next()).rejects.toThrow(`${folder} is a folder: name the files in it`);
  });

  it('are not there in a file of blanks', async () => {
    await expect(texts(' \n\t\r\n')).rejects.toThrow('is empty: it should hold one event');
  });
});
