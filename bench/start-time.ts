// From the start of the process to the first 200 of /healthz.
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { atMost, BARS, type Verdict } from './bars.ts';
import { type Bench, spawnServer } from './servers.ts';

const TIMES = 9;
const GIVE_UP_MS = 20_000;

export async function measureStart(bench: Bench, say: (line: string) => void): Promise<Verdict[]> {
  const times: number[] = [];
  for (let n = 0; n < TIMES; n += 1) {
    const server = await spawnServer('ours', 'new', bench);
    try {
      while ((await statusOf(`${server.url}/healthz`)) !== 200) {
        if (performance.now() - server.spawnedAt > GIVE_UP_MS) throw new Error('no /healthz');
        await sleep(2);
      }
      times.push(performance.now() - server.spawnedAt);
    } finally {
      await server.stop();
    }
  }
  say(`start: ${times.map((ms) => ms.toFixed(0)).join(', ')} ms`);
  return [atMost('start to listening, ms', BARS.startMs, times)];
}

function statusOf(url: string): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  get(url, { agent: false }, (response) => {
    response.resume();
    resolve(response.statusCode);
  }).on('error', () => resolve(undefined));
  return promise;
}
