// From the request that places a call to the ring in the callee's stream, at a steady rate.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expectStatus, openStream, type Phone, type Stream, send } from './phones.ts';

export interface RingLoad {
  readonly url: string;
  readonly callers: readonly Phone[];
  readonly callees: readonly Phone[];
  readonly perSecond: number;
  readonly seconds: number;
}

export interface Rings {
  /** Sorted. */
  readonly latenciesMs: readonly number[];
  readonly placed: number;
}

/** How long a ring may take before it counts as lost. */
const LOST_AFTER_MS = 5_000;

/** Opens a stream for each callee; each ring is hung up by its caller once it was heard. */
export async function ring(load: RingLoad): Promise<Rings> {
  const waiting = new Map<string, (at: number) => void>();
  const streams = await openStreams(load.url, load.callees, (id) =>
    waiting.get(id)?.(performance.now()),
  );
  try {
    return await ringThrough(load, waiting);
  } finally {
    for (const stream of streams) stream.close();
  }
}

/** A hundred at a time: as many at once as a machine's backlog takes. */
export async function openStreams(
  url: string,
  phones: readonly Phone[],
  onRinging: (id: string) => void,
): Promise<Stream[]> {
  const streams: Stream[] = [];
  for (let from = 0; from < phones.length; from += 100) {
    const some = phones.slice(from, from + 100);
    streams.push(
      ...(await Promise.all(
        some.map((phone) =>
          openStream(url, phone, ({ id, state }) => {
            if (state === 'ringing') onRinging(id);
          }),
        ),
      )),
    );
  }
  return streams;
}

async function ringThrough(
  { url, callers, callees, perSecond, seconds }: RingLoad,
  waiting: Map<string, (at: number) => void>,
): Promise<Rings> {
  const count = perSecond * seconds;
  const startedAt = performance.now();
  const runs: Promise<number>[] = [];
  for (let n = 0; n < count; n += 1) {
    const dueAt = startedAt + (n * 1000) / perSecond;
    const early = dueAt - performance.now();
    if (early > 1) await sleep(early);
    const caller = callers[n % callers.length] as Phone;
    const callee = callees[n % callees.length] as Phone;
    runs.push(placeOne(url, { caller, callee, waiting }));
  }
  const latenciesMs = (await Promise.all(runs)).toSorted((a, b) => a - b);
  return { latenciesMs, placed: latenciesMs.length };
}

async function placeOne(
  url: string,
  by: { caller: Phone; callee: Phone; waiting: Map<string, (at: number) => void> },
): Promise<number> {
  const { caller, callee, waiting } = by;
  const id = randomUUID();
  const heard = Promise.withResolvers<number>();
  const lost = setTimeout(() => heard.reject(new Error('a ring was lost')), LOST_AFTER_MS);
  waiting.set(id, heard.resolve);
  const from = performance.now();
  const body = { callId: id, callees: [callee.uid], kind: 'audio', deviceId: 'bench' };
  const placed = expectStatus(send(url, caller, { method: 'POST', path: '', body }), 201);
  try {
    const [at] = await Promise.all([heard.promise, placed]);
    return at - from;
  } finally {
    clearTimeout(lost);
    waiting.delete(id);
    await expectStatus(send(url, caller, { method: 'POST', path: `/${id}/leave`, body: {} }), 200);
  }
}

/** The value below which so large a part of them lies. */
export const percentile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
