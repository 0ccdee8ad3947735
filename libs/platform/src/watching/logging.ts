import { Writable } from 'node:stream';
import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import type { LogLevel } from '../service/config.ts';
import { printableJson, printableLines } from './printable.ts';

/** Fields whose values are never logged, at any depth that is used. */
const SECRETS = ['authorization', 'secret', 'password', 'adminKey', 'databaseUrl', 'connectionString'];

const REDACTED = SECRETS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`, `*.*.*.${key}`]);

/**
 * Logs to standard error, so that standard output is free for answers: one JSON object a line, or a short text on a terminal. Lines are
 * written synchronously, because the last line of a process that died matters most.
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
    {
      write: (line) => {
        to.write(printableJson(line));
      },
    },
  );
}

/**
 * Logs only these fields of an error. Errors of pg hold its whole client, with its password and the keys of its session.
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
      process.stderr.write(formatForTerminal(line), () => {
        done();
      });
    },
  });
}

interface LogLine {
  readonly time: string;
  readonly level: string;
  readonly service?: string;
  readonly context?: string;
  readonly msg?: string;
  readonly err?: { readonly stack?: string };
}

/** `12:30:01 warn  swaps Problem the database does not answer {…}` */
export function formatForTerminal(line: string): string {
  const { time, level, service, context, msg, err, ...rest } = JSON.parse(line) as LogLine;
  const words = [time.slice(11, 19), level.padEnd(5), service, context, msg];
  const facts = Object.keys(rest).length > 0 ? JSON.stringify(rest) : undefined;
  const stack = err?.stack;
  const said = [...words, facts].filter((word) => word !== undefined).join(' ');
  return printableLines(stack === undefined ? `${said}\n` : `${said}\n${stack.replaceAll(/^/gm, '  ')}\n`);
}
