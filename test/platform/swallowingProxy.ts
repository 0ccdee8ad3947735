import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy in front of PostgreSQL that can drop the notifications of the server, and nothing else. */
export class SwallowingProxy {
  swallow = false;
  swallowed = 0;
  readonly #sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(databaseUrl: string): Promise<SwallowingProxy> {
    const { hostname, port } = new URL(databaseUrl);
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = new URL(databaseUrl);
    url.port = String((server.address() as AddressInfo).port);
    const proxy = new SwallowingProxy(server, url.href);
    server.on('connection', (client) => {
      proxy.#serve(client, connect(Number(port), hostname));
    });
    return proxy;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  #serve(client: Socket, server: Socket): void {
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    client.pipe(server);
    let rest = Buffer.alloc(0);
    server.on('data', (data: Buffer) => {
      rest = Buffer.concat([rest, data]);
      // A message of the server is a byte for its type, four for the length of what follows the type, and the rest.
      while (rest.length >= 5 && rest.length > rest.readInt32BE(1)) {
        const end = 1 + rest.readInt32BE(1);
        const isNotification = rest[0] === 0x41;
        if (isNotification && this.swallow) this.swallowed++;
        else client.write(rest.subarray(0, end));
        rest = rest.subarray(end);
      }
    });
  }
}
