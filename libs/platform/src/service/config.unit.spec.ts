import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig, settings } from './config.ts';

const problemsOf = (env: Record<string, string>, needs: ('database' | 'kafka')[] = []): readonly string[] => {
  try {
    readConfig({ env, needs });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

describe('the settings', () => {
  it('have defaults when nothing is set: loopback, the standard port and topic, no Kafka', () => {
    expect(readConfig({ env: {}, defaultPort: 7401 })).toEqual({
      port: 7401,
      host: '127.0.0.1',
      dataDir: `${process.cwd()}/.lading`,
      adminKey: undefined,
      databaseUrl: undefined,
      kafkaBrokers: [],
      topic: 'lading.events',
      logLevel: 'info',
      rateLimit: undefined,
      metricsLedgers: false,
      patienceMs: 20_000,
      failedKeyLimit: 300,
      maxRequests: 512,
      bodyMemory: 67_108_864,
      trustedProxies: [],
    });
  });

  it('are taken from the environment, and a blank value counts as not set', () => {
    const config = readConfig({
      env: { LADING_PORT: '0', KAFKA_BROKERS: 'a:9092, [::1]:9093', LOG_LEVEL: ' debug ', LADING_HOST: '' },
    });
    expect(config).toMatchObject({
      port: 0,
      kafkaBrokers: ['a:9092', '[::1]:9093'],
      logLevel: 'debug',
      host: '127.0.0.1',
    });
  });

  it.each([
    ['LADING_PORT', '70000', 'LADING_PORT=70000 is not a port: give a number from 1 to 65535, or 0 for any free one'],
    ['LADING_PORT', '74oo', 'LADING_PORT=74oo is not a port: give a number from 1 to 65535, or 0 for any free one'],
    ['LADING_HOST', 'a b', 'LADING_HOST=a b is not a host: give an address or a name, like 127.0.0.1'],
    ['KAFKA_BROKERS', 'localhost', 'KAFKA_BROKERS=localhost is not a list of brokers: give host:port,host:port …'],
    ['KAFKA_BROKERS', 'a:9092,', 'KAFKA_BROKERS=a:9092, is not a list of brokers: give host:port,host:port …'],
    ['LADING_TOPIC', 'a/b', 'LADING_TOPIC=a/b is not a Kafka topic: give 1 to 249 letters, digits and ._-'],
    ['LADING_TOPIC', '..', 'LADING_TOPIC=.. is not a Kafka topic: give 1 to 249 letters, digits and ._-'],
    ['LOG_LEVEL', 'loud', 'LOG_LEVEL=loud is not a level: give one of trace, debug, info, warn, error, fatal, silent'],
    [
      'LADING_RATE_LIMIT',
      '-1',
      'LADING_RATE_LIMIT=-1 is not a rate: give the requests that each key may make in a minute, or unset it for no limit',
    ],
  ])('that are wrong are answered by one line that says what to do: %s=%s', (name, value, line) => {
    expect(problemsOf({ [name]: value })).toEqual([line]);
  });

  it('are all named at once when all of them are wrong', () => {
    const wrong = Object.fromEntries(settings.filter((name) => name !== 'LADING_DATA').map((name) => [name, '~ ~']));
    expect(problemsOf(wrong)).toHaveLength(settings.length - 1);
  });

  it('never print a secret, not even a wrong one', () => {
    const lines = problemsOf({ LADING_ADMIN_KEY: 's3cret', DATABASE_URL: 'mysql://u:s3cret@h/d' }).join('\n');
    expect(lines).toMatch(/^LADING_ADMIN_KEY is not usable.*\nDATABASE_URL is not the address/);
    expect(lines).not.toContain('s3cret');
  });

  it.each([
    ['words', 'correct-horse-battery-staple-and-more'],
    ['a pattern', 'Password123Password123Password123'],
    ['one letter', 'a'.repeat(64)],
    ['digits in order', '0123456789abcdef0123456789abcdef'],
    ['a short random text', 'f3A9zQ7k'],
  ])('refuse an admin key that can be guessed, without printing it: %s', (_what, key) => {
    const lines = problemsOf({ LADING_ADMIN_KEY: key });
    expect(lines).toEqual([expect.stringMatching(/^LADING_ADMIN_KEY (looks like words|is not usable)/)]);
    expect(lines.join()).not.toContain(key);
  });

  it.each(['hex', 'base64', 'base64url'] as const)('take an admin key that a generator made, as %s', (encoding) => {
    const refused = Array.from({ length: 500 }, () => randomBytes(32).toString(encoding)).filter((key) => {
      try {
        readConfig({ env: { LADING_ADMIN_KEY: key } });
        return false;
      } catch {
        return true;
      }
    });
    expect(refused.length).toBeLessThan(10);
  });

  it('are asked for by name when a service needs them and they are not set', () => {
    expect(problemsOf({}, ['database', 'kafka'])).toEqual([
      expect.stringMatching(/^DATABASE_URL is not set: give/),
      expect.stringMatching(/^KAFKA_BROKERS is not set: give/),
    ]);
  });
});
