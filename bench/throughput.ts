// Tokens per second and p99 of the three servers, in rounds in turn. A machine that others share
// swings within minutes: only what was measured side by side is compared.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { atLeast, atMost, BARS, median, type Verdict } from './bars.ts';
import { type Burst, burst } from './load.ts';
import {
  type Bench,
  METRICS_TOKEN,
  type Server,
  type ServerName,
  startServer,
  type TokenKind,
} from './servers.ts';

const ORDER: readonly ServerName[] = ['floor', 'ours', 'example'];
const WARM_UP_SECONDS = 4;

type Round = Record<ServerName, Burst>;

export interface Plan {
  readonly rounds: number;
  readonly seconds: number;
  readonly say: (line: string) => void;
}

export async function measureThroughput(
  kind: TokenKind,
  bench: Bench,
  { rounds, seconds, say }: Plan,
): Promise<Verdict[]> {
  const files = [kind === 'seen' ? bench.tokens.seenFile : bench.tokens.newFile];
  const servers: Server[] = [];
  const sent: Record<ServerName, number> = { floor: 0, ours: 0, example: 0 };
  const send = async (server: Server, forSeconds: number) => {
    // Each burst goes on where the last one ended: a new token stays new.
    const start = sent[server.name];
    const result = await burst({ url: server.url, files, start, seconds: forSeconds });
    sent[server.name] += result.requests;
    return result;
  };
  try {
    say(`${kind} ID tokens: ${rounds} rounds of ${seconds} s a server`);
    for (const name of ORDER) {
      const server = await startServer(name, kind, bench);
      servers.push(server);
      await send(server, WARM_UP_SECONDS);
    }
    const done: Round[] = [];
    for (let n = 1; n <= rounds; n += 1) {
      const round: Partial<Round> = {};
      for (const server of servers) round[server.name] = await send(server, seconds);
      done.push(round as Round);
      say(`  round ${n}: ${describe(round as Round)}`);
    }
    for (const server of servers) {
      if (server.name === 'ours') await checkNothingWasLeftOut(server, sent.ours);
    }
    return verdicts(kind, done);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

function verdicts(kind: TokenKind, rounds: readonly Round[]): Verdict[] {
  const ratios = (of: (round: Round) => number) => rounds.map(of);
  const perSecond = (name: ServerName) => median(rounds.map((round) => round[name].perSecond));
  const figures = ORDER.map((name) => `${name} ${perSecond(name).toFixed(0)}/s`).join(', ');
  const [ofFloor, ofExample] =
    kind === 'seen' ? [BARS.seenOfFloor, BARS.seenOfExample] : [BARS.newOfFloor, BARS.newOfExample];
  // What the machine and the signature alone leave of the bar.
  const p99OfFloor = ratios(({ floor, example }) => floor.p99Ms / example.p99Ms);
  return [
    atLeast(
      `${kind}: ours / floor (${figures})`,
      ofFloor,
      ratios(({ ours, floor }) => ours.perSecond / floor.perSecond),
    ),
    atLeast(
      `${kind}: ours / example`,
      ofExample,
      ratios(({ ours, example }) => ours.perSecond / example.perSecond),
    ),
    atMost(
      `${kind}: p99 ours / example (the floor's own: ${median(p99OfFloor).toFixed(3)})`,
      kind === 'seen' ? BARS.seenP99OfExample : BARS.newP99OfExample,
      ratios(({ ours, example }) => ours.p99Ms / example.p99Ms),
    ),
  ];
}

function describe(round: Round): string {
  const one = ({ perSecond, p99Ms }: Burst) =>
    `${perSecond.toFixed(0)}/s p99 ${p99Ms.toFixed(1)} ms`;
  const { floor, ours, example } = round;
  const ratios = [ours.perSecond / floor.perSecond, ours.perSecond / example.perSecond];
  return (
    `floor ${one(floor)}, ours ${one(ours)}, example ${one(example)}: ` +
    `${ratios[0]?.toFixed(3)} of the floor, ${ratios[1]?.toFixed(2)} × the example, ` +
    `p99 ${(ours.p99Ms / example.p99Ms).toFixed(3)}`
  );
}

/** Ours has to have counted and logged every request that it was measured by. */
async function checkNothingWasLeftOut(server: Server, requests: number): Promise<void> {
  const response = await fetch(`${server.url}/metrics`, {
    headers: { authorization: `Bearer ${METRICS_TOKEN}` },
  });
  const minted = Number(/^switchboard_tokens_minted_total (\d+)/m.exec(await response.text())?.[1]);
  await server.stop();
  let lines = 0;
  for await (const line of createInterface(createReadStream(server.logFile))) {
    if (line.includes('"route":"/api/calls/livekit-token"')) lines += 1;
  }
  if (!(minted >= requests) || lines < minted) {
    throw new Error(`${requests} requests: ${minted} tokens counted and ${lines} lines logged`);
  }
}
