// Connections that want nothing, or want it very slowly, beside callers who want a token.
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { residentMb } from '../resident.ts';
import type { Server } from '../servers.ts';
import { ask, percentile } from './clients.ts';

const OPEN_AT_ONCE = 200;

export interface Crowd {
  readonly opened: number;
  /** Still open at the end. */
  readonly left: number;
  /** Of the callers beside them. */
  readonly refused: number;
  readonly p99Ms: number;
  readonly residentMb: number;
}

/** `count` connections, each given to `act` every second, for `seconds`; callers ask meanwhile. */
export async function measureCrowd(
  server: Server,
  options: {
    count: number;
    seconds: number;
    by: { uid: string; token: string };
    act: (socket: Socket, second: number) => void;
  },
): Promise<Crowd> {
  const { count, seconds, by, act } = options;
  const { hostname, port } = new URL(server.url);
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const batch = Array.from({ length: Math.min(OPEN_AT_ONCE, count - sockets.length) }, () => {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => {});
      socket.resume();
      return new Promise<Socket>((done) => socket.once('connect', () => done(socket)));
    });
    sockets.push(...(await Promise.all(batch)));
  }
  const times: number[] = [];
  let refused = 0;
  for (let second = 0; second < seconds; second += 1) {
    for (const socket of sockets) if (!socket.destroyed) act(socket, second);
    const until = performance.now() + 1000;
    while (performance.now() < until) {
      const { outcome, ms } = await ask(server.url, by);
      if (outcome === '200') times.push(ms);
      else refused += 1;
      await sleep(5);
    }
  }
  const left = sockets.filter((socket) => !socket.destroyed && !socket.readableEnded).length;
  const crowd = {
    opened: sockets.length,
    left,
    refused,
    p99Ms: percentile(times, 0.99),
    residentMb: residentMb(server.pid),
  };
  for (const socket of sockets) socket.destroy();
  return crowd;
}
