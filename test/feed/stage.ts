// The feed's route alone, over the real store and the real rules, with a hand on what the store answers.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { CallId, DeviceId, RoomName, UserId } from '../../src/base/ids.ts';
import { userFromClaims } from '../../src/base/user.ts';
import { type Applied, type Calls, createCalls } from '../../src/calls/apply-event.ts';
import type { Call } from '../../src/calls/call.ts';
import { type CallStore, StoreUnavailable } from '../../src/calls/store.ts';
import { createFeeds } from '../../src/events/feed.ts';
import { createFeedSeats } from '../../src/events/feed-seats.ts';
import { createWait, type Wait } from '../../src/events/wait.ts';
import { createEngine } from '../../src/http/engine.ts';
import { createMetrics } from '../../src/http/metrics.ts';
import { feedRoute } from '../../src/routes/feed.ts';
import { createSqliteStore } from '../../src/storage/sqlite/store.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { createFakeLog, type FakeLog } from '../fakes/log.ts';
import { listen } from '../mounts.ts';

const RULES = {
  ringMs: 45_000,
  answerGraceMs: 10_000,
  reconnectGraceMs: 20_000,
  aloneMs: 60_000,
  maxCallMs: 4 * 3_600_000,
  maxParticipants: 32,
};
const BASE = '/api/calls';

export interface FeedStage {
  readonly baseUrl: string;
  readonly clock: FakeClock;
  readonly log: FakeLog;
  readonly wait: Wait;
  /** What the next looks reject with, before anything is asked. */
  fault: Error | undefined;
  /** Looks are answered only when it resolves; what they answer is of before. */
  held: Promise<void> | undefined;
  /** How often the store was asked for somebody's feed. */
  looks(): number;
  /** How many wait in the store for somebody's changes. */
  waiting(): number;
  feedsOpen(): number;
  /** Whoever waits for changes is told that there may be some. */
  wakeAll(): void;
  apply: Calls['apply'];
  place(from: string, ...to: string[]): Promise<Call>;
  accept(call: Call, who: string, profile?: { picture?: string }): Promise<Call>;
  leave(call: Call, who: string): Promise<Call>;
  /** Lets what is due in this call count. */
  tick(call: Call): Promise<Call>;
  /** The fields of `get /events`, as JSON. */
  poll(who: string, query?: string): Promise<{ status: number; body: Record<string, unknown> }>;
  /** Anybody's: here a token is the name, and its end where it has one. */
  /** False: nobody knew him. */
  erase(who: string): Promise<boolean>;
  idToken(claims: Record<string, unknown>): string;
  stop(): Promise<void>;
  close(): Promise<void>;
}

export const unavailable = (): Error => new StoreUnavailable(new Error('the disk is away'));

export async function setFeedStage(): Promise<FeedStage> {
  const clock = createFakeClock();
  const log = createFakeLog();
  const store = createSqliteStore({ path: ':memory:', clock, log });
  await store.open();
  const seats = createFeedSeats();
  let looks = 0;
  const runs = new Set<() => void>();
  const looked = async <Page>(look: () => Promise<Page>): Promise<Page> => {
    looks += 1;
    if (stage.fault !== undefined) throw stage.fault;
    const page = await look();
    await stage.held;
    return page;
  };
  const watched: Pick<CallStore, 'feed' | 'feedOn' | 'onChangeFor' | 'call'> = {
    call: (callId) => looked(() => store.call(callId)),
    feed: (...asked) => looked(() => store.feed(...asked)),
    feedOn: (...asked) => looked(() => store.feedOn(...asked)),
    onChangeFor(uid, run) {
      runs.add(run);
      const end = store.onChangeFor(uid, run);
      return () => {
        runs.delete(run);
        end();
      };
    },
  };
  const engine = createEngine({
    routes: [
      feedRoute({
        path: BASE,
        admit(request) {
          const [, uid = '', exp] = request.headers.authorization?.split(' ') ?? [];
          request.user = userFromClaims(uid, exp === undefined ? {} : { exp: Number(exp) });
        },
        feeds: createFeeds({ store: watched, showsNames: 'always', clock }),
        seats,
        presence: { open: () => () => {} },
        clock,
      }),
    ],
    basePath: BASE,
    corsOrigins: [],
    trustProxy: 0,
    headers: {},
    clock,
    log,
    metrics: createMetrics(),
    isClosing: () => false,
    onFirstRequest() {},
    onHostClose: () => engine.stop(),
  });
  const { origin, close } = await listen(createServer((req, res) => engine.handler(req, res)));
  const baseUrl = origin + BASE;

  const { apply } = createCalls({ store, rules: RULES, askRoom: async () => undefined, log });
  const calledBy = async (applied: Promise<Applied>) => {
    const done = await applied;
    if ('refused' in done) throw new Error(done.refused);
    return done.call;
  };
  const seatOf = (who: string) => ({ uid: who as UserId, device: `${who}-1` as DeviceId });
  const stage: FeedStage = {
    ...{ baseUrl, clock, log, apply },
    wait: createWait({ store: watched, clock }),
    fault: undefined,
    held: undefined,
    looks: () => looks,
    waiting: () => runs.size,
    wakeAll() {
      for (const run of runs) run();
    },
    feedsOpen: seats.open,
    erase: (who) => store.erase(who as UserId),
    place: (from, ...to) =>
      calledBy(
        apply({
          type: 'place',
          callId: randomUUID() as CallId,
          caller: from as UserId,
          device: `${from}-1` as DeviceId,
          callees: to.map((uid) => ({
            uid: uid.replace('~', '') as UserId,
            isHidden: uid.startsWith('~'),
          })),
          kind: 'audio',
          room: `call_${randomUUID()}` as RoomName,
          requestHash: from,
        }),
      ),
    accept: ({ id }, who, profile = {}) =>
      calledBy(
        apply(
          { type: 'accept', callId: id, ...seatOf(who), takeOver: false },
          { profile: { uid: who as UserId, ...profile } },
        ),
      ),
    leave: ({ id }, who) => calledBy(apply({ type: 'leave', callId: id, ...seatOf(who) })),
    tick: ({ id }) => calledBy(apply({ type: 'tick', callId: id })),
    async poll(who, query = '') {
      const headers = { authorization: `Bearer ${who}` };
      const response = await fetch(`${baseUrl}/events${query}`, { headers });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
    idToken: ({ sub, exp }) => (exp === undefined ? String(sub) : `${sub} ${exp}`),
    stop: () => engine.stop(),
    async close() {
      await Promise.all([close(), engine.stop()]);
      await store.close();
    },
  };
  return stage;
}
