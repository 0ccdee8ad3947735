import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startInfrastructure } from './infrastructure.mjs';
import { Member } from './member.mjs';
import { becomesReady, startService } from './runService.mjs';

/**
 * @typedef {object} ServiceProcess
 * @property {string} name its own: two processes may run the same service
 * @property {string} [app] the folder under apps; the name unless given
 * @property {number} port
 */

/**
 * PostgreSQL, Kafka and services on this machine, a process each, with everything they write under one folder. Each process may be
 * killed and started again by itself.
 */
export class Topology {
  #options;
  #logs;
  /** @type {import('./infrastructure.mjs').Infrastructure | undefined} */
  #infrastructure;
  /** @type {Map<string, import('./runService.mjs').RunningService>} */
  #running = new Map();
  /** @type {Member[]} */
  #services;

  /**
   * @param {object} options
   * @param {string} options.dataDir
   * @param {readonly ServiceProcess[]} options.processes in the order in which they stop
   * @param {NodeJS.ProcessEnv} options.env of the services; DATABASE_URL and KAFKA_BROKERS name servers that are there already
   * @param {number} [options.brokers] of Kafka; one unless given
   * @param {readonly string[]} [options.nodeOptions] of the services: `--cpu-prof`, to profile them
   * @param {(message: string) => void} options.log called with a sentence about each slow step
   */
  constructor(options) {
    this.#options = options;
    this.#logs = join(options.dataDir, 'logs');
    this.#services = options.processes.map((one) => new Member(one.name, () => this.#startService(one)));
  }

  /** Everything that was started here, in the order in which it stops: first what accepts events, last what keeps the data. */
  get members() {
    return [...this.#services, ...(this.#infrastructure?.servers ?? [])];
  }

  get databaseUrl() {
    return this.#started.databaseUrl;
  }

  get brokers() {
    return this.#started.brokers;
  }

  async startServers() {
    const { dataDir, env, log, brokers } = this.#options;
    mkdirSync(this.#logs, { recursive: true, mode: 0o700 });
    this.#infrastructure = await startInfrastructure(dataDir, env, log, brokers);
  }

  /** Starts the services at once, and resolves when all of them are ready. */
  async startServices() {
    for (const { name } of this.#services) rmSync(this.logFile(name), { force: true });
    await Promise.all(this.#services.map((member) => member.start()));
    await Promise.all(this.#services.map(({ name }) => this.becomesReady(name)));
  }

  /**
   * A process by its name: `PostgreSQL`, `Kafka` (of several `Kafka 1`, …), or a service.
   * @param {string} name
   */
  member(name) {
    const member = this.members.find((one) => one.name === name);
    if (member === undefined) throw new Error(`there is no process called ${name}`);
    return member;
  }

  /** @param {string} name */
  url(name) {
    return this.#service(name).url;
  }

  /** @param {string} name */
  logFile(name) {
    return join(this.#logs, `${name}.log`);
  }

  /**
   * Resolves when a service says that it can do its work.
   * @param {string} name
   */
  async becomesReady(name) {
    await becomesReady(this.#service(name));
  }

  /**
   * Stops everything that runs, in order.
   * @param {(name: string) => void} [beforeEach]
   */
  async stop(beforeEach = () => undefined) {
    for (const member of this.members.filter(({ pid }) => pid > 0)) {
      beforeEach(member.name);
      await member.stop();
    }
    await this.#infrastructure?.release();
  }

  get #started() {
    if (this.#infrastructure === undefined) throw new Error('the servers are not started yet');
    return this.#infrastructure;
  }

  /** @param {string} name */
  #service(name) {
    const service = this.#running.get(name);
    if (service === undefined) throw new Error(`the service ${name} was not started`);
    return service;
  }

  /** @param {ServiceProcess} process */
  async #startService({ name, app = name, port }) {
    const { databaseUrl, brokers } = this.#started;
    const { dataDir, env, nodeOptions } = this.#options;
    const service = await startService({
      name,
      app,
      port,
      logFile: this.logFile(name),
      ...(nodeOptions && { nodeOptions }),
      env: { ...env, DATABASE_URL: databaseUrl, KAFKA_BROKERS: brokers, LADING_DATA: dataDir },
    });
    this.#running.set(name, service);
    const { pid, exited } = service.server;
    return { pid, exited, stop: () => service.server.stop('SIGTERM', 10_000, 'SIGKILL') };
  }
}
