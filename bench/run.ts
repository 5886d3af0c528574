// npm run bench: everything on loopback, one core for the server and one for the load.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Verdict } from './bars.ts';
import { measureDrain } from './calls/drain.ts';
import { measureGrowth, measurePlaces, measureSilence } from './calls/growth.ts';
import { measureRingsOnPostgres, measureSqlite, measureStreams } from './calls/measure.ts';
import { measurePushes } from './calls/pushes.ts';
import { startKeyEndpoint } from './key-endpoint.ts';
import { measureMemory } from './memory.ts';
import type { Bench } from './servers.ts';
import { measureStart } from './start-time.ts';
import { measureThroughput, type Plan } from './throughput.ts';
import { prepareTokens } from './tokens.ts';

const USAGE = 'node bench/run.ts [--rounds N] [--seconds N] [--only PART] [--with-calls]';
const say = (line: string): void => console.log(line);

const PARTS: Readonly<Record<string, (bench: Bench, plan: Plan) => Promise<Verdict[]>>> = {
  start: (bench) => measureStart(bench, say),
  seen: (bench, plan) => measureThroughput('seen', bench, plan),
  new: (bench, plan) => measureThroughput('new', bench, plan),
  memory: (bench) => measureMemory(bench, say),
  rings: (bench) => measureRingsOnPostgres(bench, say),
  streams: (bench) => measureStreams(bench, say),
  sqlite: (bench) => measureSqlite(bench, say),
  places: (bench) => measurePlaces(bench, say),
  drain: (bench, plan) => measureDrain(bench, plan),
  pushes: (bench) => measurePushes(bench, say),
  growth: (bench) => measureGrowth(bench, say),
  silence: (bench) => measureSilence(bench, say),
};

function readArguments(): { plan: Plan; parts: readonly string[]; withCalls: boolean } {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '5' },
      only: { type: 'string', multiple: true, default: Object.keys(PARTS) },
      // The token route of a server that has calls as well.
      'with-calls': { type: 'boolean', default: false },
    },
  });
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
  const sound = [rounds, seconds].every((n) => Number.isInteger(n) && n > 0);
  if (!sound || !values.only.every((part) => Object.hasOwn(PARTS, part))) throw new Error(USAGE);
  return {
    plan: { rounds, seconds, say },
    parts: values.only,
    withCalls: values['with-calls'],
  };
}

function checkMachine(): void {
  if (availableParallelism() < 2) throw new Error('two cores are needed: one serves, one asks');
  if (!existsSync(join(import.meta.dirname, '..', 'dist', 'cli.js'))) {
    throw new Error('dist/ is missing: npm run build');
  }
}

async function main(): Promise<boolean> {
  const { plan, parts, withCalls } = readArguments();
  checkMachine();
  say(`Node ${process.version}, ${availableParallelism()} cores`);
  const directory = mkdtempSync(join(tmpdir(), 'switchboard-bench-run-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  const tokens = await prepareTokens(say);
  const keys = await startKeyEndpoint(tokens, directory);
  const verdicts: Verdict[] = [];
  const beside = { DATABASE_URL: `sqlite:${join(directory, 'beside.db')}`, RING_ACCESS: 'any' };
  const environment = withCalls ? beside : {};
  try {
    for (const part of parts) {
      verdicts.push(
        ...((await PARTS[part]?.({ tokens, keys, directory, environment }, plan)) ?? []),
      );
    }
  } finally {
    keys.close();
  }
  say('\nmedian (least–most)');
  for (const { bar, measured, met } of verdicts) {
    say(`${met ? 'pass' : 'MISS'}  ${bar}: ${measured}`);
  }
  return verdicts.every(({ met }) => met);
}

try {
  if (!(await main())) process.exitCode = 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
