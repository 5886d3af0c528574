// A line to a server that can go dead without a word, as behind a router that has lost its memory.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Line {
  /** As the server's, by this line. */
  readonly url: string;
  /** From now on nothing passes over the connections that are there. New ones are whole. */
  freeze(): void;
  close(): Promise<void>;
}

export async function layLine(to: string): Promise<Line> {
  const { protocol, port, hostname } = new URL(to);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(port), '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(one);
          other.destroy();
        })
        .pipe(other);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const here = server.address() as AddressInfo;
  return {
    url: `${protocol}//${hostname}:${here.port}`,
    freeze() {
      for (const socket of sockets) socket.unpipe().pause();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
