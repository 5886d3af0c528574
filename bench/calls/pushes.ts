// From the request that places a call to its push at FCM and APNs, and from a decline to the push that
// stops the phones.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { atMost, BARS, type Verdict } from '../bars.ts';
import type { Bench } from '../servers.ts';
import { cast, newSqlite } from './measure.ts';
import { expectStatus, type Phone, send } from './phones.ts';
import { nowMs, type Providers, type Taken, withProviders } from './pushing.ts';
import { percentile } from './rings.ts';
import { withCalls, withPostgres } from './with-calls.ts';

type Say = (line: string) => void;

const ROUNDS = 3;
const SECONDS = 12;
const CALLEES = 300;
const DEVICES_EACH = 2;
/** Nobody declines sooner; by then the ring is written down as handed over. */
const DECLINED_AFTER_MS = 400;
const LOST_AFTER_MS = 10_000;

interface Heard {
  /** When each push of this kind came to its provider. */
  pushes(type: 'ring' | 'stop_ring'): Promise<readonly number[]>;
  forget(): void;
}

interface Latencies {
  readonly ring: number[];
  readonly stop: number[];
}

export async function measurePushes(bench: Bench, say: Say): Promise<Verdict[]> {
  const onPostgres = await withPostgres((url) => measured(bench, url, { perSecond: 50, say }));
  const onSqlite = await measured(bench, newSqlite(bench, 'pushes'), { perSecond: 20, say });
  const bar = BARS.pushP99Ms;
  return [
    atMost('Postgres: place → push p99 at 50/s, ms', bar, onPostgres.map(p99('ring'))),
    atMost('Postgres: decline → stop push p99 at 50/s, ms', bar, onPostgres.map(p99('stop'))),
    atMost('SQLite: place → push p99 at 20/s, ms', bar, onSqlite.map(p99('ring'))),
    atMost('SQLite: decline → stop push p99 at 20/s, ms', bar, onSqlite.map(p99('stop'))),
  ];
}

const p99 =
  (what: keyof Latencies) =>
  (latencies: Latencies): number =>
    percentile(latencies[what], 0.99);

/** Providers of its own: Apple wants no two tokens of one key within 20 minutes. */
const measured = (
  bench: Bench,
  databaseUrl: string,
  load: { perSecond: number; say: Say },
): Promise<Latencies[]> =>
  withProviders(bench, (providers) =>
    withCalls(providers.bench, databaseUrl, ({ url }) => ringInRounds(providers, url, load)),
  );

async function ringInRounds(
  providers: Providers,
  url: string,
  { perSecond, say }: { perSecond: number; say: Say },
): Promise<Latencies[]> {
  const { callees, callers } = cast(providers.bench, CALLEES);
  for (const callee of callees) await registerPhones(url, callee);
  const hear = createEar(providers);
  const rounds: Latencies[] = [];
  for (let n = 0; n < ROUNDS; n += 1) {
    const some = callers.splice(0, perSecond * SECONDS);
    const latencies = await ringPhones({ url, callers: some, callees, perSecond, hear });
    rounds.push(latencies);
    const figures = [latencies.ring, latencies.stop].flatMap((sorted) =>
      [0.5, 0.99].map((part) => percentile(sorted, part).toFixed(1)),
    );
    say(
      `  ${perSecond} calls/s: ${latencies.ring.length} pushes, ` +
        `ring p50 ${figures[0]}, p99 ${figures[1]} ms, stop p50 ${figures[2]}, p99 ${figures[3]} ms`,
    );
  }
  return rounds;
}

/** One Android by FCM and one iPhone by APNs. */
async function registerPhones(url: string, callee: Phone): Promise<void> {
  const hex = Buffer.from(callee.uid).toString('hex');
  const apns = (mark: string) => hex.padEnd(64, mark).slice(0, 64);
  const phones = {
    android: [{ kind: 'fcm_token', value: `${callee.uid}:${hex}` }],
    ios: [
      { kind: 'apns_voip', value: apns('a') },
      { kind: 'apns', value: apns('b') },
    ],
  };
  for (const [platform, pushes] of Object.entries(phones)) {
    const asked = { method: 'PUT', path: `/devices/${platform}`, body: { platform, pushes } };
    await expectStatus(send(url, callee, asked), 200);
  }
}

function createEar(providers: Providers): (callId: string) => Heard {
  const listeners = new Map<string, (taken: Taken) => void>();
  providers.onTaken((taken) => listeners.get(taken.callId)?.(taken));
  return (callId) => {
    const came: Record<string, Map<string, number>> = { ring: new Map(), stop_ring: new Map() };
    const all = {
      ring: Promise.withResolvers<readonly number[]>(),
      stop_ring: Promise.withResolvers<readonly number[]>(),
    };
    listeners.set(callId, ({ type, token, at }) => {
      const times = came[type] as Map<string, number>;
      if (!times.has(token)) times.set(token, at);
      if (times.size === DEVICES_EACH) all[type as keyof typeof all].resolve([...times.values()]);
    });
    return {
      async pushes(type) {
        const lost = setTimeout(
          () => all[type].reject(new Error(`a push was lost: ${type}`)),
          LOST_AFTER_MS,
        );
        try {
          return await all[type].promise;
        } finally {
          clearTimeout(lost);
        }
      },
      forget: () => void listeners.delete(callId),
    };
  };
}

interface Load {
  readonly url: string;
  readonly callers: readonly Phone[];
  readonly callees: readonly Phone[];
  readonly perSecond: number;
  readonly hear: (callId: string) => Heard;
}

async function ringPhones(load: Load): Promise<Latencies> {
  const startedAt = performance.now();
  const runs: Promise<Latencies>[] = [];
  for (const [n, caller] of load.callers.entries()) {
    const early = startedAt + (n * 1000) / load.perSecond - performance.now();
    if (early > 1) await sleep(early);
    runs.push(ringAndDecline(load, caller, load.callees[n % load.callees.length] as Phone));
  }
  const all = await Promise.all(runs);
  const sorted = (what: keyof Latencies) =>
    all.flatMap((one) => one[what]).toSorted((a, b) => a - b);
  return { ring: sorted('ring'), stop: sorted('stop') };
}

/** Declined without naming a phone: both are to stop. */
async function ringAndDecline(
  { url, hear }: Load,
  caller: Phone,
  callee: Phone,
): Promise<Latencies> {
  const callId = randomUUID();
  const heard = hear(callId);
  try {
    const placedAt = nowMs();
    const body = { callId, callees: [callee.uid], kind: 'audio', deviceId: 'bench' };
    const placed = expectStatus(send(url, caller, { method: 'POST', path: '', body }), 201);
    const [rings] = await Promise.all([heard.pushes('ring'), placed]);
    await sleep(DECLINED_AFTER_MS);
    const declinedAt = nowMs();
    const decline = { method: 'POST', path: `/${callId}/decline`, body: {} };
    const declined = expectStatus(send(url, callee, decline), 200);
    const [stops] = await Promise.all([heard.pushes('stop_ring'), declined]);
    return {
      ring: rings.map((at) => at - placedAt),
      stop: stops.map((at) => at - declinedAt),
    };
  } finally {
    heard.forget();
  }
}
