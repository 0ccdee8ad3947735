import { describe, expect, it } from 'vitest';
import { RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { existsSync, readFileSync } from 'node:fs';
import { Script } from 'node:vm';
import { flagsOf } from '#scripts/stack/writerFlags.mjs';
import { parse } from 'yaml';
import { signingSettings } from '#checkpoints/signingSettings';
import { topicSettings } from '#feed/topicSettings';
import { readConfig, settings } from '#platform/service/config';
import { HealthController } from '#platform/watching/health.controller';
import { MetricsController } from '#platform/watching/metrics.controller';
import { FIRST_PORT, services as stack } from '../../scripts/stack/services.mjs';

interface ComposeService {
  image: string;
  build?: { context: string; dockerfile: string };
  command?: string[];
  environment?: Record<string, string | number>;
  ports?: string[];
  volumes?: string[];
  healthcheck?: { test: string[] };
  depends_on?: Record<string, { condition: string }>;
  read_only?: boolean;
  mem_limit?: string;
  cpus?: number;
  pids_limit?: number;
  ulimits?: Record<string, number>;
}

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const compose = parse(read('docker/compose.yaml'), { merge: true }) as {
  services: Record<string, ComposeService>;
  volumes: Record<string, unknown>;
};
const prometheus = parse(read('docker/prometheus.yaml')) as {
  scrape_configs: { metrics_path: string; static_configs: { targets: string[] }[] }[];
};
const dockerfile = read('docker/Dockerfile');

const all = compose.services;
const ours = Object.entries(all).filter(([, { image }]) => image === 'lading');
const portOf = (name: string) => Number(all[name]?.environment?.LADING_PORT);

/** `/health/ready`, `/metrics` …: what the controllers say that they answer. */
const routesOf = (controller: Type): string[] => {
  const prefix = Reflect.getMetadata(PATH_METADATA, controller) as string;
  const prototype = controller.prototype as Record<string, object>;
  return Object.getOwnPropertyNames(prototype)
    .filter((name) => Reflect.getMetadata(METHOD_METADATA, prototype[name]!) === RequestMethod.GET)
    .map((name) => `/${prefix}/${Reflect.getMetadata(PATH_METADATA, prototype[name]!) as string}`.replace(/[/]+$/, ''));
};

describe('docker/compose.yaml', () => {
  it('runs the services of the stack, each at its own port', () => {
    const expected = stack.map(({ name, offset }) => [name, FIRST_PORT + offset]);
    expect(ours.map(([name]) => [name, portOf(name)]).toSorted()).toEqual(expected.toSorted());
    for (const [name, port] of expected) {
      expect(read(`apps/${String(name)}/src/main.ts`)).toMatch(
        new RegExp(`runService\\('${String(name)}', \\w+, ${port}\\b`),
      );
    }
  });

  it.each(ours)('%s starts a program that the build makes', (name, { command, build }) => {
    expect(command).toEqual(['node', ...flagsOf(name), `dist/apps/${name}/src/main.js`]);
    expect(existsSync(new URL(`../../apps/${name}/src/main.ts`, import.meta.url))).toBe(true);
    expect(existsSync(new URL(`../../docker/${build!.context}/${build!.dockerfile}`, import.meta.url))).toBe(true);
  });

  it.each(ours)('%s is set by names that the code reads, to values that it accepts', (_name, { environment = {} }) => {
    const known: string[] = [...settings, ...topicSettings, ...signingSettings];
    expect(Object.keys(environment).filter((name) => !known.includes(name))).toEqual([]);
    const env = Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, filledIn(String(value))]));
    const config = readConfig({ env, needs: ['database', 'kafka'] });
    expect(config).toMatchObject({ kafkaBrokers: ['kafka:9092'], topic: readConfig({ env: {} }).topic });
  });

  it.each(ours)('%s asks a health route that there is, of the port that it listens on', (_name, { healthcheck }) => {
    const script = healthcheck!.test.at(-1)!;
    const url = /http:[/][/]127[.]0[.]0[.]1:[$][$][{]process[.]env[.]LADING_PORT[}]([/a-z]+)/.exec(script);
    expect(routesOf(HealthController)).toContain(url?.[1]);
    // What compose hands over is a program.
    expect(() => new Script(script.replaceAll('$$', '$'))).not.toThrow();
  });

  it.each(Object.entries(all))('%s has bounds of memory, processors, processes and open files', (_name, service) => {
    expect(service.mem_limit).toMatch(/^\d+[mg]$/);
    expect(service.cpus).toBeGreaterThan(0);
    expect(service.pids_limit).toBeGreaterThan(0);
    expect(service.ulimits).toEqual({ nofile: 65_536, core: 0 });
  });

  it.each(ours)('%s has room for all that Node and the settings let it take', (_name, service) => {
    const flag = (name: string) =>
      Number(
        service.command!.find((one) => one.startsWith(`--${name}=`))?.split('=')[1] ??
          (name.includes('semi') ? 16 : NaN),
      );
    const { bodyMemory } = readConfig({ env: {} });
    // Young objects stand in three half spaces, and a body in its bytes and in its text.
    const megabytes = flag('max-old-space-size') + 3 * flag('max-semi-space-size') + (2 * bodyMemory) / 1_048_576;
    expect(service.mem_limit).toBe('1g');
    expect(megabytes).toBeLessThan(1_024 - 128);
  });

  it('publishes ports on this machine only, and only those that the services listen on', () => {
    for (const [name, { ports = [] }] of Object.entries(all)) {
      const own = name === 'prometheus' ? 9090 : portOf(name);
      for (const port of ports) expect(port).toBe(`127.0.0.1:${own}:${own}`);
    }
    const submitting = stack.filter(({ does }) => /takes in|front door/.test(does)).map(({ name }) => name);
    for (const name of submitting) expect(all[name]!.ports).toHaveLength(1);
  });

  it('connects the services to its own broker, and to its own database with a role that is no superuser', () => {
    const database = new URL(filledIn(String(all.query!.environment!.DATABASE_URL)));
    const postgres = all.postgres!.environment!;
    expect(database.hostname).toBe('postgres');
    expect(postgres.POSTGRES_USER).toBeUndefined();
    expect(all.postgres!.volumes).toContain('./database.sh:/docker-entrypoint-initdb.d/lading.sh:ro');
    const script = read('docker/database.sh');
    expect(script).toContain(`CREATE ROLE ${database.username} LOGIN PASSWORD`);
    expect(database.password).toBe(filledIn(String(postgres.POSTGRES_PASSWORD)));
    expect(script).toContain(`CREATE DATABASE ${database.pathname.slice(1)} OWNER ${database.username};`);
    const advertised = String(all.kafka!.environment!.KAFKA_ADVERTISED_LISTENERS);
    expect(advertised).toBe(`PLAINTEXT://${String(all.query!.environment!.KAFKA_BROKERS)}`);
  });

  it('runs the same version of Kafka as the tests', () => {
    const version = /<artifactId>kafka_2.13<[/]artifactId>\s*<version>([^<]+)</.exec(
      read('libs/servers/src/kafka/pom.xml'),
    )![1];
    expect(all.kafka!.image).toBe(`apache/kafka:${version}`);
  });

  it('keeps data in named volumes, and starts a service only when the servers it needs are healthy', () => {
    const named = Object.values(all).flatMap(({ volumes = [] }) => volumes.map((volume) => volume.split(':')[0]!));
    expect(named.filter((name) => !name.startsWith('.')).toSorted()).toEqual(Object.keys(compose.volumes).toSorted());
    for (const { depends_on } of Object.values(all)) {
      for (const name of Object.keys(depends_on ?? {})) expect(all[name]!.healthcheck).toBeDefined();
    }
  });

  it('lets Prometheus scrape every service at the route of the metrics', () => {
    const [job] = prometheus.scrape_configs;
    expect(job!.static_configs[0]!.targets.toSorted()).toEqual(
      ours.map(([name]) => `${name}:${portOf(name)}`).toSorted(),
    );
    expect(routesOf(MetricsController)).toContain(job!.metrics_path);
    expect(all.prometheus!.volumes).toContain('./prometheus.yaml:/etc/prometheus/prometheus.yml:ro');
  });
});

describe('docker/Dockerfile', () => {
  it('copies files that exist, uses a version of Node that package.json allows, and does not run as root', () => {
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths]) => paths!.split(' '));
    expect(copied.length).toBeGreaterThan(3);
    for (const path of copied)
      expect([path, existsSync(new URL(`../../${path}`, import.meta.url))]).toEqual([path, true]);
    for (const [, major] of dockerfile.matchAll(/^FROM node:(\d+)/gm)) expect(Number(major)).toBeGreaterThanOrEqual(20);
    const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
    expect(last).toMatch(/^USER node$/m);
  });
});

/** As compose does it: `${NAME:-default}`, and a value of letters and digits for `${NAME:?say}`. */
function filledIn(text: string): string {
  return text
    .replaceAll(/[$][{]\w+:-([^}]*)[}]/g, '$1')
    .replaceAll(/[$][{]\w+:[?][^}]*[}]/g, 'mT4vQ9xJr2WnB7yLc5HdZs8GpKf3RuXa1EoVi6');
}
