// The token route beside the ringing of 500 devices a second. The calls are placed at the event door
// of another process, as by another instance: what is measured is the ringing alone.
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPostgres } from '../../test/e2e/postgres.ts';
import { atMost, BARS, median, type Verdict } from '../bars.ts';
import { type Burst, burst } from '../load.ts';
import { LOAD_CORE } from '../processes.ts';
import { cpuMs } from '../resident.ts';
import type { Bench, Server } from '../servers.ts';
import type { Plan } from '../throughput.ts';
import { RULES } from './history.ts';
import { type Door, openDoor } from './places.ts';
import { type Providers, withProviders } from './pushing.ts';
import { withCalls } from './with-calls.ts';

const PLACES_PER_SECOND = 10;
const CALLEES_EACH = 25;
const DEVICES_EACH = 2;
const DEVICES_PER_SECOND = PLACES_PER_SECOND * CALLEES_EACH * DEVICES_EACH;
/** Before the token route is asked. */
const LEAD_MS = 1_000;
const REGISTERED_AT_ONCE = 16;
const LOST_AFTER_MS = 20_000;
/** Longer than the whole run: no ring ends by itself. */
const RING_MS = 3_600_000;
/** Of each connection between two requests: the core is half idle, or never. */
const LOADS = { 'half idle': 30, 'flat out': 0 } as const;
type LoadName = keyof typeof LOADS;

export const measureDrain = (bench: Bench, plan: Plan): Promise<Verdict[]> =>
  withProviders(bench, async (providers) => {
    const postgres = await startPostgres();
    try {
      // Where the server is, nothing else is to be.
      for (const pid of [process.pid, postgres.child().process.pid]) {
        const args = ['-a', '-c', '-p', String(LOAD_CORE), String(pid)];
        execFileSync('taskset', args, { stdio: 'ignore' });
      }
      return await withCalls(providers.bench, postgres.url, (server) =>
        drainInRounds(
          { server, files: [bench.tokens.newFile], providers, databaseUrl: postgres.url },
          plan,
        ),
      );
    } finally {
      await postgres.close();
    }
  });

interface Ground {
  readonly server: Server;
  /** Of ID tokens. */
  readonly files: readonly string[];
  readonly providers: Providers;
  readonly databaseUrl: string;
}

async function drainInRounds(ground: Ground, plan: Plan): Promise<Verdict[]> {
  const { rounds, seconds, say } = plan;
  const loads = Object.keys(LOADS) as LoadName[];
  const people =
    (rounds * (loads.length + 1) + 1) * PLACES_PER_SECOND * CALLEES_EACH * (seconds + 5);
  say(`drain: ${rounds} rounds of ${seconds} s, ${DEVICES_PER_SECOND} devices a second`);
  const door = await openDoor(ground.databaseUrl, { ...RULES, ringMs: RING_MS, pushes: true });
  await registerDevices(door, people);
  const ringing = createRinging(door, ground.providers);
  const ratios: Record<LoadName, number[]> = { 'half idle': [], 'flat out': [] };
  const costs: number[] = [];
  try {
    // For warmth.
    await ringing.during(() => tokens(ground, seconds, 'half idle'));
    for (let n = 1; n <= rounds; n += 1) {
      const before = cpuMs(ground.server.pid);
      const { devices } = await ringing.during(() => sleep(seconds * 1000));
      costs.push((cpuMs(ground.server.pid) - before) / devices);
      say(`  CPU of a device: ${costs.at(-1)?.toFixed(3)} ms`);
      for (const load of loads) {
        const alone = await tokens(ground, seconds, load);
        const { result, perSecond } = await ringing.during(() => tokens(ground, seconds, load));
        ratios[load].push(result.p99Ms / alone.p99Ms);
        const [quiet, beside] = [alone, result].map(told);
        say(`  ${load}: ${quiet}; beside ${perSecond.toFixed(0)} devices a second ${beside}`);
      }
    }
  } finally {
    await door.close();
  }
  say(
    `  CPU of a device: ${median(costs).toFixed(3)} ms; ${ringing.twice()} pushes were sent twice`,
  );
  return loads.map((load) => {
    const what = `Postgres, ${DEVICES_PER_SECOND} devices a second`;
    return atMost(`${what}: p99 of tokens (${load}) / alone`, BARS.drainP99, ratios[load]);
  });
}

const tokens = ({ server, files }: Ground, seconds: number, load: LoadName): Promise<Burst> =>
  burst({ url: server.url, files, start: 0, seconds, delayMs: LOADS[load] });

const told = ({ perSecond, p99Ms }: Burst): string =>
  `${perSecond.toFixed(0)}/s p99 ${p99Ms.toFixed(1)} ms`;

const nameOf = (callee: number): string => `callee-${callee}`;

/** An Android and an iPhone each. */
async function registerDevices(door: Door, people: number): Promise<void> {
  let next = 0;
  const register = async () => {
    while (next < people) {
      const callee = next++;
      const [uid, digits] = [nameOf(callee), String(callee + 1)];
      await door.register(uid, [
        { kind: 'fcm_token', value: `installation:token-${digits.padStart(12, '0')}` },
      ]);
      await door.register(uid, [{ kind: 'apns_voip', value: digits.padStart(64, '0') }]);
    }
  };
  await Promise.all(Array.from({ length: REGISTERED_AT_ONCE }, register));
}

/** Places calls at a steady rate while something else is done, and waits for all their pushes. */
function createRinging(door: Door, providers: Providers) {
  let nextCallee = 0;
  const taken = new Set<string>();
  /** Allowed where a lease has run out, and told. */
  let twice = 0;
  providers.onTaken(({ type, callId, token }) => {
    if (type !== 'ring') return;
    const which = `${callId} ${token}`;
    if (taken.has(which)) twice += 1;
    taken.add(which);
  });
  async function placeUntil(signal: AbortSignal): Promise<number> {
    const placed: Promise<void>[] = [];
    const from = performance.now();
    while (!signal.aborted) {
      const names = Array.from({ length: CALLEES_EACH }, () => nameOf(nextCallee++));
      placed.push(door.place(names));
      const early = from + (placed.length * 1000) / PLACES_PER_SECOND - performance.now();
      if (early > 1) await sleep(early);
    }
    await Promise.all(placed);
    return placed.length * CALLEES_EACH * DEVICES_EACH;
  }
  async function allTaken(devices: number): Promise<void> {
    const giveUpAt = performance.now() + LOST_AFTER_MS;
    while (taken.size < devices) {
      if (performance.now() > giveUpAt) throw new Error(`${devices - taken.size} pushes were lost`);
      await sleep(20);
    }
  }
  return {
    twice: () => twice,
    async during<T>(work: () => Promise<T>) {
      taken.clear();
      const over = new AbortController();
      const placing = placeUntil(over.signal);
      await sleep(LEAD_MS);
      const [from, before] = [performance.now(), taken.size];
      const result = await work();
      const perSecond = ((taken.size - before) * 1000) / (performance.now() - from);
      over.abort();
      const devices = await placing;
      await allTaken(devices);
      return { result, devices, perSecond };
    },
  };
}
