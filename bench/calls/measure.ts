// The bars of calls: rings on Postgres and SQLite, many open streams, and what calls cost beside tokens.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { atMost, BARS, type Verdict } from '../bars.ts';
import { burst } from '../load.ts';
import { residentMb } from '../resident.ts';
import { type Bench, type Server, startServer } from '../servers.ts';
import { readPhones } from './phones.ts';
import { openStreams, percentile, type Rings, ring } from './rings.ts';
import { withCalls, withPostgres } from './with-calls.ts';

type Say = (line: string) => void;

export const newSqlite = (bench: Bench, name: string): string => {
  const folder = join(bench.directory, name);
  mkdirSync(folder, { recursive: true });
  return `sqlite:${join(folder, 'calls.db')}`;
};

/** Callers are many, so that no pair rings often; callees have a stream each. */
export function cast(bench: Bench, callees: number) {
  const phones = readPhones(bench.tokens.newFile);
  return { callees: phones.slice(0, callees), callers: phones.slice(callees) };
}

const rounds = async (count: number, one: () => Promise<Rings>): Promise<Rings[]> => {
  const all: Rings[] = [];
  for (let n = 0; n < count; n += 1) all.push(await one());
  return all;
};

const p99 = ({ latenciesMs }: Rings): number => percentile(latenciesMs, 0.99);

function tell(say: Say, what: string, rings: readonly Rings[]): void {
  for (const one of rings) {
    const { latenciesMs, placed } = one;
    const p50 = percentile(latenciesMs, 0.5);
    say(`  ${what}: ${placed} rings, p50 ${p50.toFixed(1)}, p99 ${p99(one).toFixed(1)} ms`);
  }
}

export async function measureRingsOnPostgres(bench: Bench, say: Say): Promise<Verdict[]> {
  const { callees, callers } = cast(bench, 200);
  let from = 0;
  const rings = await withPostgres((url) =>
    withCalls(bench, url, (server) =>
      rounds(5, () => {
        from += 500;
        const some = callers.slice(from, from + 500);
        return ring({ url: server.url, callers: some, callees, perSecond: 50, seconds: 10 });
      }),
    ),
  );
  tell(say, 'Postgres, 50 calls/s', rings);
  return [atMost('Postgres: place → stream p99 at 50/s, ms', BARS.ringP99Ms, rings.map(p99))];
}

export async function measureStreams(bench: Bench, say: Say): Promise<Verdict[]> {
  const { callees, callers } = cast(bench, 5_000);
  return withPostgres((url) =>
    withCalls(bench, url, async (server) => {
      const before = residentMb(server.pid);
      const streams = await openStreams(server.url, callees.slice(200), () => {});
      const rings = await rounds(3, () => {
        const some = callers.splice(0, 300);
        const heard = callees.slice(0, 200);
        return ring({ url: server.url, callers: some, callees: heard, perSecond: 30, seconds: 10 });
      });
      const resident = residentMb(server.pid);
      for (const stream of streams) stream.close();
      tell(say, '5,000 streams', rings);
      say(`  ${before.toFixed(0)} MB before, ${resident.toFixed(0)} MB with 5,000 streams`);
      return [
        atMost('5,000 open streams: resident MB', BARS.streamsMb, [resident]),
        atMost('5,000 open streams: ring p99, ms', BARS.streamsRingP99Ms, rings.map(p99)),
      ];
    }),
  );
}

/** Memory beside tokens only, rings, and what both do to the token route's tail. */
export async function measureSqlite(bench: Bench, say: Say): Promise<Verdict[]> {
  const { callees, callers } = cast(bench, 100);
  const tokensOnly = await startServer('ours', 'new', bench);
  let alone: number;
  let quiet: number;
  try {
    quiet = (await tokens(bench, tokensOnly)).p99Ms;
    alone = residentMb(tokensOnly.pid);
  } finally {
    await tokensOnly.stop();
  }
  return withCalls(bench, newSqlite(bench, 'rings'), async (server) => {
    await tokens(bench, server);
    const more = residentMb(server.pid) - alone;
    const play = () => {
      const some = callers.splice(0, 200);
      return ring({ url: server.url, callers: some, callees, perSecond: 20, seconds: 10 });
    };
    const rings = await rounds(5, play);
    tell(say, 'SQLite, 20 calls/s', rings);
    const afterRings = residentMb(server.pid) - alone;
    const [beside] = await Promise.all([tokens(bench, server), play()]);
    say(
      `  token route p99 ${quiet.toFixed(1)} ms alone, ${beside.p99Ms.toFixed(1)} ms beside rings`,
    );
    say(`  ${more.toFixed(0)} MB more than tokens only, ${afterRings.toFixed(0)} after the rings`);
    return [
      atMost('SQLite: MB more than tokens only', BARS.sqliteMb, [afterRings]),
      atMost('SQLite: place → stream p99 at 20/s, ms', BARS.ringP99Ms, rings.map(p99)),
    ];
  });
}

/** At a rate that leaves the core half idle. */
const tokens = (bench: Bench, { url }: Server) =>
  burst({ url, files: [bench.tokens.newFile], start: 0, seconds: 8, delayMs: 30 });
