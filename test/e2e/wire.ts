// A wire between us and a server, that can go silent: what comes is swallowed, and nothing is closed.
import { connect, createServer, type Socket } from 'node:net';

export interface Wire {
  readonly port: number;
  /** How many silenced connections are open still. */
  silent(): number;
  /** Silences every connection over which something like `pattern` was sent, and all new ones. */
  silence(pattern?: RegExp): void;
  /** Lets the next thing like `pattern` through, and nothing that is answered from then on. */
  loseAnswerTo(pattern: RegExp): void;
  /** New connections speak again; those that were silenced stay so. */
  speak(): void;
  close(): Promise<void>;
}

export async function startWire(toPort: number): Promise<Wire> {
  const pairs = new Set<{ near: Socket; far: Socket; sent: string; isSilent: boolean }>();
  let isSilent = false;
  let lost: RegExp | undefined;
  const server = createServer((near) => {
    const far = connect(toPort, '127.0.0.1');
    const pair = { near, far, sent: '', isSilent };
    pairs.add(pair);
    near.on('data', (bytes) => {
      pair.sent = (pair.sent + bytes.toString('latin1')).slice(-4_000);
      if (!pair.isSilent) far.write(bytes);
      if (lost?.test(bytes.toString('latin1'))) {
        pair.isSilent = true;
        lost = undefined;
      }
    });
    far.on('data', (bytes) => {
      if (!pair.isSilent) near.write(bytes);
    });
    const end = () => {
      near.destroy();
      far.destroy();
      pairs.delete(pair);
    };
    for (const socket of [near, far]) socket.on('error', end).on('close', end);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    silent: () => [...pairs].filter((pair) => pair.isSilent).length,
    silence(pattern) {
      isSilent = pattern === undefined;
      for (const pair of pairs) {
        if (pattern === undefined || pattern.test(pair.sent)) pair.isSilent = true;
      }
    },
    loseAnswerTo(pattern) {
      lost = pattern;
    },
    speak() {
      isSilent = false;
    },
    async close() {
      for (const { near } of pairs) near.destroy();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}
