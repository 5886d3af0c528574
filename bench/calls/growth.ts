// The bars of throughput, of growth and of silence.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startPostgres } from '../../test/e2e/postgres.ts';
import { atLeast, atMost, BARS, median, type Verdict } from '../bars.ts';
import type { Bench } from '../servers.ts';
import {
  type Costs,
  type Engine,
  type Measured,
  measured,
  pastCalls,
  postgres,
  RULES,
  settle,
  sqlite,
} from './history.ts';
import { readPhones } from './phones.ts';
import { createBare, openDoor, placesOfOurs } from './places.ts';
import { withProviders } from './pushing.ts';
import { withCalls, withPostgres } from './with-calls.ts';

type Say = (line: string) => void;

const ROUNDS = 5;
const SECONDS = 4;
const FEW = 1_000;
const MANY = 1_000_000;
/** What is old is forgotten once, a minute after the start. */
const SETTLED_AFTER_MS = 75_000;
const SILENT_MS = 65_000;

/** Without pushes, then with: of people without phones, so that it is the placing that is measured. */
export async function measurePlaces(bench: Bench, say: Say): Promise<Verdict[]> {
  const without = await placesInRounds(bench, { say, pushes: false });
  const pushing = ({ bench: led }: { bench: Bench }) => placesInRounds(led, { say, pushes: true });
  return [...without, ...(await withProviders(bench, pushing))];
}

const placesInRounds = (
  bench: Bench,
  { say, pushes }: { say: Say; pushes: boolean },
): Promise<Verdict[]> =>
  withPostgres((url) =>
    withCalls(bench, url, async (server) => {
      const callers = readPhones(bench.tokens.newFile);
      const bare = createBare(url, { pushes });
      const door = await openDoor(url, { ...RULES, pushes });
      const atDoor: number[] = [];
      const overHttp: number[] = [];
      const what = pushes ? 'with pushes' : 'without pushes';
      try {
        for (let n = 0; n < ROUNDS; n += 1) {
          const floor = await bare.places(SECONDS);
          const ours = await door.places(SECONDS);
          const served = await placesOfOurs(server.url, callers.splice(0, 8_000), SECONDS);
          const figures = [floor, ours, served].map((count) => count.toFixed(0));
          say(
            `  places a second, ${what}: bare pg ${figures[0]}, our door ${figures[1]}, over HTTP ${figures[2]}`,
          );
          atDoor.push(ours / floor);
          overHttp.push(served / floor);
        }
      } finally {
        await bare.close();
        await door.close();
      }
      return [
        atLeast(`Postgres, ${what}: places at the event door / bare pg`, BARS.placesOfBare, atDoor),
        atLeast(`Postgres, ${what}: places over HTTP / bare pg`, BARS.placesOfBare, overHttp),
      ];
    }),
  );

export async function measureGrowth(bench: Bench, say: Say): Promise<Verdict[]> {
  const folder = join(bench.directory, 'growth');
  mkdirSync(folder, { recursive: true });
  const file = (name: string) => sqlite(join(folder, `${name}.db`));
  const ofSqlite = await grown({ few: file('few'), many: file('many') }, say);
  const postgresServer = await startPostgres();
  try {
    const database = async (name: string) => postgres(await postgresServer.database(name));
    const engines = { few: await database('few'), many: await database('many') };
    return [...ofSqlite, ...(await grown(engines, say))];
  } finally {
    await postgresServer.close();
  }
}

/** In turn, on two databases side by side. */
async function grown(engines: { few: Engine; many: Engine }, say: Say): Promise<Verdict[]> {
  const few = await withPast(engines.few, FEW);
  const many = await withPast(engines.many, MANY);
  await few.costs();
  await many.costs();
  const pairs: { few: Costs; many: Costs }[] = [];
  for (let n = 0; n < ROUNDS; n += 1) {
    pairs.push({ few: await few.costs(), many: await many.costs() });
  }
  await Promise.all([few.close(), many.close()]);
  return (['place', 'history', 'feed'] as const).map((what) => {
    const ms = (which: 'few' | 'many') => median(pairs.map((pair) => pair[which][what])).toFixed(2);
    say(`  ${engines.few.name} ${what}: ${ms('few')} ms at ${FEW} calls, ${ms('many')} at ${MANY}`);
    return atMost(
      `${engines.few.name}: ${what}, ${MANY} / ${FEW} calls`,
      BARS.growth,
      pairs.map((pair) => pair.many[what] / pair.few[what]),
    );
  });
}

async function withPast(engine: Engine, count: number): Promise<Measured> {
  // Makes the tables.
  const store = engine.open();
  await store.open();
  await store.close();
  await pastCalls(engine, count);
  await settle(engine);
  return measured(engine, count);
}

/** No call lives, nobody listens: a database that sleeps when nobody asks must be let sleep. */
export const measureSilence = (bench: Bench, say: Say): Promise<Verdict[]> =>
  withPostgres((url) =>
    withCalls(bench, url, async () => {
      const client = new pg.Client(url);
      await client.connect();
      const lastQueries = async () =>
        (
          await client.query<{ pid: number; at: Date; query: string }>(
            `select pid, query_start as at, query from pg_stat_activity
             where backend_type = 'client backend' and pid <> pg_backend_pid() order by pid`,
          )
        ).rows;
      await sleep(SETTLED_AFTER_MS);
      const before = await lastQueries();
      await sleep(SILENT_MS);
      const after = await lastQueries();
      await client.end();
      const newer = after.filter(
        ({ pid, at }) => before.find((one) => one.pid === pid)?.at.getTime() !== at.getTime(),
      );
      for (const { query } of newer) say(`  asked: ${query}`);
      const asked = newer.length;
      say(`  silence: ${before.length} connections before, ${after.length} after, ${asked} asked`);
      return [atMost('idle: connections that asked anything in a minute', 0, [median([asked])])];
    }),
  );
