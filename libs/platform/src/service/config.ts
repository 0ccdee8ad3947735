import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { z } from 'zod';

/** The settings that every service reads from its environment. */
export interface Config {
  /** 0 means any free port. */
  readonly port: number;
  readonly host: string;
  /** Absolute. */
  readonly dataDir: string;
  /** The key of the settings. `adminKey` makes one when this is undefined. */
  readonly adminKey: string | undefined;
  readonly databaseUrl: string | undefined;
  /** A list of `host:port`; empty when there is no Kafka. */
  readonly kafkaBrokers: readonly string[];
  readonly topic: string;
  readonly logLevel: LogLevel;
  /** How many requests each key may make in a minute; undefined means no limit. */
  readonly rateLimit: number | undefined;
  /** Whether `/metrics` names ledgers to everybody, and not only to keys that may list them. */
  readonly metricsLedgers: boolean;
  /** How long a request waits for the database before it is answered 503. Milliseconds. */
  readonly patienceMs: number;
  /** How many requests with keys that are not in force each address may make in a minute. */
  readonly failedKeyLimit: number;
  /** How many requests are worked on at once; each key has half of them. */
  readonly maxRequests: number;
  /** How many bytes of request bodies are in memory at once; each key has half of them. */
  readonly bodyMemory: number;
  /** Addresses and networks of proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
}

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export type WithDatabase = Config & { readonly databaseUrl: string };

/** Mistakes in the settings: a line for each setting, for people, without the values of secrets. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

/** The names of all settings, which the documentation and docker/compose.yaml may use. */
export const settings = [
  'LADING_PORT',
  'LADING_HOST',
  'LADING_DATA',
  'LADING_ADMIN_KEY',
  'LADING_TOPIC',
  'LADING_RATE_LIMIT',
  'LADING_PATIENCE',
  'LADING_FAILED_KEY_LIMIT',
  'LADING_MAX_REQUESTS',
  'LADING_BODY_MEMORY',
  'LADING_TRUSTED_PROXIES',
  'LADING_METRICS_LEDGERS',
  'DATABASE_URL',
  'KAFKA_BROKERS',
  'LOG_LEVEL',
] as const;
type Setting = (typeof settings)[number];

const BROKER = /^([A-Za-z0-9._-]+|\[[0-9a-fA-F:]+\]):(\d{1,5})$/;

const wholeNumber = (from: number, to: number, message: string) =>
  z
    .string()
    .refine((text) => /^\d{1,9}$/.test(text) && Number(text) >= from && Number(text) <= to, message)
    .transform(Number);

const Environment = z.object({
  LADING_PORT: wholeNumber(0, 65_535, 'is not a port: give a number from 1 to 65535, or 0 for any free one').optional(),
  LADING_HOST: z
    .string()
    .regex(/^[A-Za-z0-9._:-]+$/, 'is not a host: give an address or a name, like 127.0.0.1')
    .default('127.0.0.1'),
  LADING_DATA: z.string().default('.lading'),
  LADING_ADMIN_KEY: z
    .string()
    .regex(
      /^[A-Za-z0-9._~+/=-]{24,200}$/,
      'is not usable as a key: give 24 to 200 letters, digits and ._~+/=-, or unset it to have one made',
    )
    .refine(
      (text) => text.length < 24 || !/^[\w.~+/=-]*$/.test(text) || isRandom(text),
      'looks like words or a pattern, which can be guessed: give random text, made by "openssl rand -base64 32", or unset it to have one made',
    )
    .optional(),
  LADING_TOPIC: z
    .string()
    .regex(/^(?![.]{1,2}$)[A-Za-z0-9._-]{1,249}$/, 'is not a Kafka topic: give 1 to 249 letters, digits and ._-')
    .default('lading.events'),
  LADING_RATE_LIMIT: wholeNumber(
    1,
    100_000_000,
    'is not a rate: give the requests that each key may make in a minute, or unset it for no limit',
  ).optional(),
  LADING_PATIENCE: wholeNumber(
    1,
    600,
    'is not a time to wait: give the seconds, 1 to 600, or unset it for 20',
  ).optional(),
  LADING_FAILED_KEY_LIMIT: wholeNumber(
    1,
    100_000_000,
    'is not a rate: give the requests with wrong keys that each address may make in a minute, or unset it for 300',
  ).default(300),
  LADING_MAX_REQUESTS: wholeNumber(
    2,
    100_000,
    'is not a number of requests: give how many are worked on at once, or unset it for 512',
  ).default(512),
  LADING_BODY_MEMORY: wholeNumber(
    32,
    65_536,
    'is not a size: give the megabytes of request bodies in memory at once, 32 at least, or unset it for 64',
  ).default(64),
  LADING_TRUSTED_PROXIES: z
    .string()
    .transform((text) => text.split(',').map((proxy) => proxy.trim()))
    .refine((proxies) => proxies.every(isNetwork), 'is not a list of addresses: give 10.0.0.7,192.168.0.0/16 …')
    .default([]),
  LADING_METRICS_LEDGERS: z
    .enum(['keys', 'everybody'], 'says to whom /metrics names ledgers: give keys or everybody, or unset it for keys')
    .default('keys'),
  DATABASE_URL: z
    .string()
    .refine(
      isPostgresUrl,
      'is not the address of a PostgreSQL database: give postgres://user:password@host:5432/database, with special characters percent-encoded',
    )
    .optional(),
  KAFKA_BROKERS: z
    .string()
    .transform((text) => text.split(',').map((broker) => broker.trim()))
    .refine((brokers) => brokers.every(isBroker), 'is not a list of brokers: give host:port,host:port …')
    .default([]),
  LOG_LEVEL: z.enum(logLevels, `is not a level: give one of ${logLevels.join(', ')}`).default('info'),
} satisfies Record<Setting, z.ZodType>);

/** The settings whose values are never printed, not even when they are wrong. */
const SECRET: ReadonlySet<string> = new Set<Setting>(['LADING_ADMIN_KEY', 'DATABASE_URL']);

interface ReadConfigOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly defaultPort?: number;
  /** What must be set. */
  readonly needs?: readonly ('database' | 'kafka')[];
}

/**
 * Reads and checks the settings. A setting that is empty counts as not set.
 * @throws ConfigError with a line for each setting that is wrong or missing
 */
export function readConfig({ env = process.env, defaultPort = 7400, needs = [] }: ReadConfigOptions = {}): Config {
  const given = Object.fromEntries(
    settings.map((name) => [name, env[name]?.trim()]).filter(([, value]) => value !== undefined && value !== ''),
  ) as Record<string, string>;

  const parsed = Environment.safeParse(given);
  const problems = parsed.success ? [] : parsed.error.issues.map((issue) => complaint(issue, given));
  if (needs.includes('database') && given.DATABASE_URL === undefined) {
    problems.push(
      'DATABASE_URL is not set: give the PostgreSQL to use, like postgres://user:password@localhost:5432/lading; `npm start` brings its own',
    );
  }
  if (needs.includes('kafka') && given.KAFKA_BROKERS === undefined) {
    problems.push('KAFKA_BROKERS is not set: give the brokers to use, like localhost:9092; `npm start` does without');
  }
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);

  const values = parsed.data;
  return {
    port: values.LADING_PORT ?? defaultPort,
    host: values.LADING_HOST,
    dataDir: resolve(values.LADING_DATA),
    adminKey: values.LADING_ADMIN_KEY,
    databaseUrl: values.DATABASE_URL,
    kafkaBrokers: values.KAFKA_BROKERS,
    topic: values.LADING_TOPIC,
    logLevel: values.LOG_LEVEL,
    rateLimit: values.LADING_RATE_LIMIT,
    metricsLedgers: values.LADING_METRICS_LEDGERS === 'everybody',
    patienceMs: (values.LADING_PATIENCE ?? 20) * 1_000,
    failedKeyLimit: values.LADING_FAILED_KEY_LIMIT,
    maxRequests: values.LADING_MAX_REQUESTS,
    bodyMemory: values.LADING_BODY_MEMORY * 1_048_576,
    trustedProxies: values.LADING_TRUSTED_PROXIES,
  };
}

function complaint(issue: z.core.$ZodIssue, given: Readonly<Record<string, string>>): string {
  const name = String(issue.path[0]);
  return `${name}${SECRET.has(name) ? '' : `=${given[name] ?? ''}`} ${issue.message}`;
}

function isPostgresUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return /^postgres(ql)?:$/.test(url.protocol) && url.hostname !== '' && url.pathname.length > 1;
}

function isNetwork(text: string): boolean {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  return version !== 0 && (bits === undefined || Number(bits) <= (version === 4 ? 32 : 128));
}

function isBroker(text: string): boolean {
  const port = Number(BROKER.exec(text)?.[2]);
  return port >= 1 && port <= 65_535;
}

/** What the text in front of a key that Lading makes says about it. */
const PREFIX = /^lading_/;

/**
 * Whether a key may have been made by a generator: hexadecimal digits (a UUID has dashes between them), or letters of both cases and
 * digits mixed, without a piece that occurs twice and without a run like `1234`. Of what `openssl rand` writes, fewer than one in a
 * thousand are refused; of passphrases of words, all.
 */
function isRandom(key: string): boolean {
  const text = key.replace(PREFIX, '').replace(/=+$/, '');
  const digits = text.replaceAll('-', '').toLowerCase();
  if (/^[0-9a-f]*$/.test(digits)) {
    return digits.length >= 32 && new Set(digits).size >= 8 && !repeats(digits, 8) && !runs(digits, 6);
  }
  const kinds = Array.from(text, (character) => (/[a-z]/.test(character) ? 'a' : /[A-Z]/.test(character) ? 'A' : '1'));
  const changes = kinds.filter((kind, i) => i > 0 && kind !== kinds[i - 1]).length;
  return (
    text.length >= 24 &&
    changes >= 0.35 * text.length &&
    new Set(kinds).size === 3 &&
    !repeats(text, 4) &&
    !runs(text, 4)
  );
}

/** Whether a piece of this length occurs twice. */
function repeats(text: string, length: number): boolean {
  const pieces = Array.from({ length: text.length - length + 1 }, (_, i) => text.slice(i, i + length).toLowerCase());
  return new Set(pieces).size < pieces.length;
}

/** Whether so many characters follow one another with the same step: `aaaa`, `1234`, `dcba`. */
function runs(text: string, length: number): boolean {
  let run = 1;
  for (let i = 1, before = NaN; i < text.length; i++) {
    const step = text.charCodeAt(i) - text.charCodeAt(i - 1);
    run = step === before && Math.abs(step) <= 1 ? run + 1 : 2;
    if (run >= length && Math.abs(step) <= 1) return true;
    before = step;
  }
  return false;
}
