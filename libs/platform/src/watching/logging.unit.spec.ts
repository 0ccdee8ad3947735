import { describe, expect, it } from 'vitest';
import { createLogger, formatForTerminal } from './logging.ts';

const logged = (write: (logger: ReturnType<typeof createLogger>) => void) => {
  let lines = '';
  write(createLogger('swaps', 'info', { write: (line) => void (lines += line) }));
  return lines;
};

describe('the log', () => {
  it('is one JSON object a line, with the time, the level and the service', () => {
    const line = logged((logger) => {
      logger.warn({ ledger: 'nvidia' }, 'slow');
    });
    expect(JSON.parse(line)).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      service: 'swaps',
      ledger: 'nvidia',
      msg: 'slow',
    });
  });

  it('never contains a key or a password, at any depth of the logged object', () => {
    const lines = logged((logger) => {
      logger.info({ authorization: 'hunter2', databaseUrl: 'hunter2' });
      logger.info({ headers: { authorization: 'hunter2' }, key: { secret: 'hunter2' } });
      logger.info({ request: { raw: { headers: { authorization: 'hunter2' } } }, config: { adminKey: 'hunter2' } });
    });
    expect(lines).not.toContain('hunter2');
    expect(lines.match(/\[redacted]/g)).toHaveLength(6);
  });

  it('contains the message, the code and the causes of an error, and no other property of it', () => {
    const client = { connectionParameters: { host: 'h', parts: ['hunter2'] }, secretKey: 'hunter2' };
    const broken = Object.assign(new Error('cut off'), { code: 'ECONNRESET', client });
    const line = logged((logger) => {
      logger.warn({ err: new Error('no answer', { cause: broken }) }, 'a connection broke');
    });
    expect(line).not.toContain('hunter2');
    expect(JSON.parse(line)).toMatchObject({
      err: { type: 'Error', message: 'no answer', cause: { message: 'cut off', code: 'ECONNRESET' } },
    });
  });

  it('is written as short lines on a terminal, with the stack of an error below', () => {
    const line = logged((logger) => {
      logger.error({ err: new Error('no'), ledger: 'nvidia', context: 'Relay' }, 'stopped');
    });
    expect(formatForTerminal(line)).toMatch(
      /^\d\d:\d\d:\d\d error swaps Relay stopped \{"ledger":"nvidia"\}\n {2}Error: no\n {6}at /,
    );
  });
});
