import { describe, expect, it } from 'vitest';
import { MessageReader } from './eventStream.ts';

const TEXT = 'retry: 1000\n\nid: 17\ndata: {"a":1}\n\n: keep-alive\n\nevent: problem\ndata: {"status":403}\n\n';

describe('a stream of events', () => {
  it('is the same messages in whatever pieces it comes', () => {
    const expected = [
      { id: '17', event: 'message', data: '{"a":1}' },
      { id: undefined, event: 'problem', data: '{"status":403}' },
    ];
    for (let size = 1; size <= TEXT.length; size += 1) {
      const reader = new MessageReader();
      const found = [];
      for (let at = 0; at < TEXT.length; at += size) found.push(...reader.read(TEXT.slice(at, at + size)));
      expect(found).toEqual(expected);
    }
  });
});
