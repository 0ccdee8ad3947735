import { Writable } from 'node:stream';
import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import type { LogLevel } from '../service/config.ts';

/** Wherever these stand in what is logged, their values are not printed. */
const SECRETS = ['authorization', 'secret', 'password', 'adminKey', 'databaseUrl', 'connectionString'];

const REDACTED = SECRETS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`, `*.*.*.${key}`]);

/**
 * Writes JSON, one object a line, to standard error, which leaves standard output to answers; on a terminal short lines for
 * people. Written at once: what a process said last is what one wants to read when it died.
 */
export function createLogger(name: string, level: LogLevel, to: DestinationStream = standardError()): Logger {
  return pino(
    {
      level,
      base: { service: name },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED, censor: '[redacted]' },
      serializers: { err: describeError },
    },
    to,
  );
}

/**
 * Of an error what people need, and nothing else that hangs on it: pg puts its whole client there, with its password and the
 * keys of its session.
 */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack, cause } = error;
  const code = 'code' in error ? error.code : undefined;
  return {
    type: name,
    message,
    stack,
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    ...(cause !== undefined && { cause: describeError(cause) }),
  };
}

function standardError(): DestinationStream {
  if (!process.stderr.isTTY) return pino.destination({ fd: 2, sync: true });
  return new Writable({
    decodeStrings: false,
    write(line: string, _encoding, done) {
      process.stderr.write(forPeople(line), () => {
        done();
      });
    },
  });
}

interface Line {
  readonly time: string;
  readonly level: string;
  readonly service?: string;
  readonly context?: string;
  readonly msg?: string;
  readonly err?: { readonly stack?: string };
}

/** `12:30:01 warn  swaps Problem the database does not answer {…}` */
export function forPeople(line: string): string {
  const { time, level, service, context, msg, err, ...rest } = JSON.parse(line) as Line;
  const words = [time.slice(11, 19), level.padEnd(5), service, context, msg];
  const facts = Object.keys(rest).length > 0 ? JSON.stringify(rest) : undefined;
  const stack = err?.stack;
  const said = [...words, facts].filter((word) => word !== undefined).join(' ');
  return stack === undefined ? `${said}\n` : `${said}\n${stack.replaceAll(/^/gm, '  ')}\n`;
}
