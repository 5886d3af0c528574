// npm run soak: ours for a while at half its limit with a sick key endpoint, and then a stop under
// load, slow senders and idle connections. Loopback alone; every part ends by itself.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { burst } from '../load.ts';
import { residentMb } from '../resident.ts';
import { type Bench, startServer } from '../servers.ts';
import { prepareTokens, type TokenSet } from '../tokens.ts';
import { askSteadily, type Outcomes } from './clients.ts';
import { type Crowd, measureCrowd } from './crowds.ts';
import { type FaultyKeys, MOODS, startFaultyKeys } from './faulty-keys.ts';

const PHASE_SECONDS = 30;
const CONNECTIONS = 32;
const DRAIN_SECONDS = 2;
const say = (line: string): void => console.log(line);

interface Verdict {
  readonly what: string;
  readonly found: string;
  readonly good: boolean;
}

/** What a server is started with, its key endpoint being a sick one. */
const benchWith = (keys: FaultyKeys, tokens: TokenSet, directory: string): Bench => ({
  tokens,
  directory,
  keys: { jwksUrl: keys.url, tlsPort: 0, certificate: '', close: keys.close },
});

/** Minutes at half the limit while the key endpoint fails, hangs and rotates in turns. */
async function soak(tokens: TokenSet, directory: string, minutes: number): Promise<Verdict[]> {
  const keys = await startFaultyKeys(tokens.keyId, tokens.publicKey);
  const server = await startServer('ours', 'new', {
    ...benchWith(keys, tokens, directory),
  });
  const files = [tokens.seenFile, tokens.newFile];
  try {
    const limit = await burst({ url: server.url, files, start: 0, seconds: 5 });
    // Each connection waits so long after an answer that all together send half of what they could.
    const delayMs = Math.round((2 * CONNECTIONS * 1000) / limit.perSecond);
    say(
      `limit ${limit.perSecond.toFixed(0)}/s; ${minutes} min with ${delayMs} ms between requests`,
    );
    const before = residentMb(server.pid);
    const p99s: number[] = [];
    let sent = limit.requests;
    let phases = 0;
    const endsAt = performance.now() + minutes * 60_000;
    while (performance.now() < endsAt) {
      const mood = MOODS[phases % MOODS.length] as (typeof MOODS)[number];
      keys.set(mood);
      // Rejects at the first answer that is not 200.
      const part = await burst({
        url: server.url,
        files,
        start: sent,
        seconds: PHASE_SECONDS,
        delayMs,
      });
      sent += part.requests;
      phases += 1;
      p99s.push(part.p99Ms);
      const resident = residentMb(server.pid).toFixed(0);
      const rate = part.perSecond.toFixed(0);
      say(`  ${mood}: ${rate}/s, p99 ${part.p99Ms.toFixed(1)} ms, ${resident} MB`);
    }
    const after = residentMb(server.pid);
    const fetches = MOODS.map((mood) => `${mood} ${keys.fetches[mood]}`).join(', ');
    return [
      {
        what: `${sent} requests in ${minutes} min with sick keys (fetches: ${fetches}): all 200`,
        found: `worst p99 of ${PHASE_SECONDS} s ${Math.max(...p99s).toFixed(1)} ms`,
        good: keys.fetches.failing + keys.fetches.hanging > 0,
      },
      {
        what: 'resident memory at the end ≤ 150 MB',
        found: `${before.toFixed(0)} → ${after.toFixed(0)} MB`,
        good: after <= 150,
      },
    ];
  } finally {
    await server.stop();
    keys.close();
  }
}

function linesOf(logFile: string, part: string): number {
  const lines = readFileSync(logFile, 'utf8').split('\n');
  return lines.filter((line) => line.includes(part) && line.includes('livekit-token')).length;
}

/** SIGTERM while clients ask without a pause. */
async function stopUnderLoad(tokens: TokenSet, directory: string): Promise<Verdict[]> {
  const keys = await startFaultyKeys(tokens.keyId, tokens.publicKey);
  const server = await startServer('ours', 'seen', {
    ...benchWith(keys, tokens, directory),
    drainSeconds: DRAIN_SECONDS,
  });
  const drained: Outcomes = {};
  const later: Outcomes = {};
  let signalledAt = Number.POSITIVE_INFINITY;
  let over = false;
  const load = askSteadily(server.url, {
    by: tokens.sample,
    clients: CONNECTIONS,
    pauseMs: 1,
    isOver: () => over,
    onAsked({ outcome, ms }) {
      const askedAfterMs = performance.now() - ms - signalledAt;
      // A request that was on its way when the drain ended belongs to the end.
      const outcomes = askedAfterMs + ms < DRAIN_SECONDS * 1000 - 50 ? drained : later;
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    },
  });
  await sleep(2_000);
  signalledAt = performance.now();
  const stopped = server.stop();
  await stopped;
  const tookS = (performance.now() - signalledAt) / 1000;
  over = true;
  await load;
  keys.close();
  const told = (outcomes: Outcomes) => JSON.stringify(outcomes);
  const seen = (drained['200'] ?? 0) + (later['200'] ?? 0);
  // startServer has asked once, successfully, before.
  const served = linesOf(server.logFile, '"status":200') - 1;
  const allowed = ['200', '503', 'ECONNREFUSED', 'ECONNRESET'];
  return [
    {
      what: `until the drain of ${DRAIN_SECONDS} s was over: nothing but 200`,
      found: told(drained),
      good: Object.keys(drained).join() === '200',
    },
    {
      what: 'after it: 200, 503 or no connection',
      found: told(later),
      good: Object.keys(later).every((outcome) => allowed.includes(outcome)),
    },
    {
      // A reset is a connection that waited in the kernel's queue when the port was closed.
      what: 'every answer that the server wrote was seen, and none was cut off',
      found: `${served} written, ${seen} seen`,
      good: served === seen,
    },
    { what: 'gone within 10 s of the signal', found: `${tookS.toFixed(1)} s`, good: tookS < 10 },
  ];
}

async function crowds(tokens: TokenSet, directory: string): Promise<Verdict[]> {
  const keys = await startFaultyKeys(tokens.keyId, tokens.publicKey);
  const server = await startServer('ours', 'seen', {
    ...benchWith(keys, tokens, directory),
  });
  const by = tokens.sample;
  try {
    const slow = await measureCrowd(server, {
      count: 1_000,
      seconds: 15,
      by,
      // Headers without end, a byte a second.
      act: (socket, second) => void socket.write('POST / HTTP/1.1\r\nx: '[second] ?? 'y'),
    });
    const head = 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n';
    const idle = await measureCrowd(server, {
      count: 10_000,
      seconds: 15,
      by,
      // One request, and then nothing more on a connection that is kept.
      act: (socket, second) => void (second === 0 && socket.write(head)),
    });
    const told = (crowd: Crowd) =>
      `${crowd.left} of ${crowd.opened} left, callers p99 ${crowd.p99Ms.toFixed(1)} ms, ` +
      `${crowd.refused} refused, ${crowd.residentMb.toFixed(0)} MB`;
    return [
      {
        what: '1,000 slow senders of headers (15 s): cut off, callers served',
        found: told(slow),
        good: slow.left === 0 && slow.refused === 0,
      },
      {
        what: '10,000 idle kept connections (15 s): held, callers served',
        found: told(idle),
        good: idle.left === idle.opened && idle.refused === 0,
      },
    ];
  } finally {
    await server.stop();
    keys.close();
  }
}

const PARTS = { soak, stop: stopUnderLoad, crowds };

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '10' },
      only: { type: 'string', multiple: true, default: Object.keys(PARTS) },
    },
  });
  const directory = mkdtempSync(join(tmpdir(), 'switchboard-soak-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  const tokens = await prepareTokens(say);
  const verdicts: Verdict[] = [];
  for (const name of values.only) {
    const part = PARTS[name as keyof typeof PARTS];
    if (part === undefined) throw new Error(`--only takes ${Object.keys(PARTS).join(', ')}`);
    say(`\n${name}`);
    verdicts.push(...(await part(tokens, directory, Number(values.minutes))));
  }
  say('');
  for (const { what, found, good } of verdicts) say(`${good ? 'good' : 'BAD '}  ${what}: ${found}`);
  return verdicts.every(({ good }) => good);
}

if (!(await main())) process.exitCode = 1;
