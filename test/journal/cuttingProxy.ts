import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/**
 * What happens to a message on its way. To a COMMIT:
 * - `lose-command`: the connection is cut before it reaches the server;
 * - `lose-answer`: the server commits, and the connection is cut before its answer reaches the client;
 * - `swallow-answer`: the server commits, and its answer never comes: the connection stays open and silent.
 * To the question which events others wrote:
 * - `lose-events-after`: the connection is cut before it reaches the server.
 */
type Fault = 'lose-command' | 'lose-answer' | 'swallow-answer' | 'lose-events-after';

/**
 * How the proxy treats every connection. `silent`: nothing passes in either direction, as behind a firewall that drops packets, or
 * before a server that is frozen. `refusing`: connections are cut, and so is every new one.
 */
type Mode = 'open' | 'silent' | 'refusing';

/** A TCP proxy in front of PostgreSQL. It understands as much of the protocol as it takes to recognise such messages. */
export class CuttingProxy {
  #faults: Fault[] = [];
  #mode: Mode = 'open';
  readonly #sockets = new Set<Socket>();
  /** How many faults took place since `next` was called. */
  struck = 0;

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
    readonly url: string,
  ) {}

  static async start(databaseUrl: string): Promise<CuttingProxy> {
    const target = new URL(databaseUrl);
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = new URL(databaseUrl);
    url.port = String((server.address() as AddressInfo).port);
    const proxy = new CuttingProxy(server, target, url.href);
    server.on('connection', (socket) => {
      proxy.#serve(socket);
    });
    return proxy;
  }

  /** These faults happen to the next messages of their kind, one to each. */
  next(...faults: Fault[]): void {
    this.#faults = faults;
    this.struck = 0;
  }

  /** From now on, for the connections that there are and for new ones. */
  become(mode: Mode): void {
    this.#mode = mode;
    for (const socket of this.#sockets) {
      if (mode === 'refusing') socket.destroy();
      else if (mode === 'silent') socket.pause();
      else socket.resume();
    }
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  #serve(client: Socket): void {
    if (this.#mode === 'refusing') {
      client.destroy();
      return;
    }
    const server = connect(Number(this.target.port), this.target.hostname);
    let expected: Fault | undefined;
    let silent = false;
    const cut = () => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', cut);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        if (!silent) cut();
      });
    }

    if (this.#mode === 'silent') for (const socket of [client, server]) setImmediate(() => socket.pause());

    forward(client, true, (message) => {
      if (this.#faults[0] === 'lose-events-after' ? isEventsAfter(message) : isCommit(message)) {
        expected = this.#faults.shift();
        if (expected === 'lose-command' || expected === 'lose-events-after') {
          this.struck++;
          cut();
          return;
        }
      }
      server.write(message);
    });
    forward(server, false, (message) => {
      if (expected !== undefined && isCommitted(message)) {
        this.struck++;
        silent = expected === 'swallow-answer';
        if (!silent) cut();
      }
      if (!silent) client.write(message);
    });
  }
}

/** Hands on whole messages: a byte for the type (but for the first of a client), four for the length, the rest. */
function forward(from: Socket, startsBare: boolean, to: (message: Buffer) => void): void {
  let rest = Buffer.alloc(0);
  let typed = !startsBare;
  from.on('data', (data: Buffer) => {
    rest = Buffer.concat([rest, data]);
    for (;;) {
      const offset = typed ? 1 : 0;
      if (rest.length < offset + 4) return;
      const length = offset + rest.readInt32BE(offset);
      if (rest.length < length) return;
      to(rest.subarray(0, length));
      rest = rest.subarray(length);
      typed = true;
    }
  });
}

const isCommit = (message: Buffer): boolean => message[0] === 0x51 && message.toString('latin1', 5) === 'COMMIT\0';
const isEventsAfter = (message: Buffer): boolean => message[0] === 0x42 && message.includes('journal-events-after');
const isCommitted = (message: Buffer): boolean => message[0] === 0x43 && message.toString('latin1', 5) === 'COMMIT\0';
