// Deadlines and effects: when something is due, and whoever takes it. Each lane is for itself.
import type { CallId, RoomName } from '../base/ids.ts';
import type { Effects, Lane } from '../calls/event.ts';
import type { CallStore, Due, Leased, LeasedEffect } from '../calls/store.ts';
import { EFFECT_OF } from './effects.ts';
import type { Answers, Engine } from './engine.ts';
import { gathered, gatheredBy } from './gathered.ts';
import type { Query, Row } from './sql/dialect.ts';
import { type LaneStatements, laneStatements } from './sql/lane-statements.ts';
import type { Wake } from './wake.ts';
import { messageOf } from './wake-message.ts';

const CALLS_AT_ONCE = 200;

const NEXT = {
  deadlines: 'nextDeadline',
  livekit: 'nextRoomEffect',
  push: 'nextPush',
  host: 'nextHostEvent',
} as const satisfies Record<Due, keyof LaneStatements>;

const LEASE = {
  livekit: 'leaseRoomEffects',
  push: 'leasePushes',
  host: 'leaseHostEvents',
} as const satisfies Record<Lane, keyof LaneStatements>;

const FAILED = {
  livekit: 'roomEffectFailed',
  push: 'pushFailed',
  host: 'hostEventFailed',
} as const satisfies Record<Lane, keyof LaneStatements>;

export function createLanes({
  engine,
  wake,
}: {
  engine: Engine;
  wake: Wake;
}): Pick<
  CallStore,
  | 'nextDueMs'
  | 'leaseEffects'
  | 'effectDone'
  | 'effectFailed'
  | 'hostEventGivenUp'
  | 'redeliverHostEvents'
> {
  const statements = laneStatements(engine.dialect);
  const clock = () => engine.clockValue();
  const idsOf = (all: readonly Leased[]) => engine.dialect.list(all.map(({ id }) => id));
  const gone = (text: string) =>
    gathered<Leased>(
      async (all) => void (await engine.write([{ text, values: [idsOf(all)] }])),
      engine.rest,
    );
  /** Whoever stood behind it is due now. Each call for itself: one that somebody holds stops no other. */
  const hostEvents = (text: string) =>
    gatheredBy<Leased>(
      ({ callId }) => callId,
      async (all) => {
        const values = [idsOf(all)];
        const [, next = []] = await engine.write([
          { text: statements.lockCallsOfHostEvents, values },
          { text: statements.hostEventsNext, values: [...values, clock()] },
          { text, values },
        ]);
        if (next.length > 0) wake.due({ host: 0 });
      },
    );
  const done: Readonly<Record<Lane, (of: Leased) => Promise<void>>> = {
    livekit: gone(statements.roomEffectsDone),
    push: gone(statements.pushesDone),
    host: hostEvents(statements.hostEventsDone),
  };
  return {
    async nextDueMs(of) {
      const [rows = []] = await engine.ask([{ text: statements[NEXT[of]], values: [clock()] }]);
      const [{ now, at }] = rows as [{ now: number; at: number | null }];
      return at === null ? undefined : Math.max(0, at - now);
    },
    async leaseEffects<L extends Lane>(lane: L, limit: number, leaseMs: number) {
      const values = [clock(), leaseMs, limit];
      const [rows = []] = await engine.ask([{ text: statements[LEASE[lane]], values }]);
      return rows.map((row) => leasedOf(row, EFFECT_OF[lane] as (row: Row) => Effects[L]));
    },
    effectDone: (lane, of) => done[lane](of),
    async effectFailed(lane, id, retryMs) {
      const values = [clock(), retryMs, id];
      const [rows] = await engine.ask([{ text: statements[FAILED[lane]], values }]);
      if (rows?.[0] !== undefined) wake.due({ [lane]: retryMs });
    },
    hostEventGivenUp: hostEvents(statements.hostEventsGivenUp),
    async redeliverHostEvents() {
      const free = { text: statements.lockGivenUp, values: [CALLS_AT_ONCE] };
      const held = { text: statements.lockGivenUpHeld, values: [1] };
      let count = 0;
      for (;;) {
        const again =
          (await redeliver(free, { engine, statements })) ??
          (await redeliver(held, { engine, statements }));
        if (again === undefined) break;
        count += again;
      }
      if (count > 0) wake.due({ host: 0 });
      return count;
    },
  };
}

/** Of a few calls; undefined: there are no more. */
function redeliver(
  found: Query,
  { engine, statements }: { engine: Engine; statements: LaneStatements },
): Promise<number | undefined> {
  const { dialect } = engine;
  return engine.transact<number | undefined>([found], ([calls = []]: Answers) => {
    if (calls.length === 0) return { queries: [], result: () => undefined };
    const ids = dialect.list(calls.map(({ id }) => id as string));
    const told = dialect.notify?.('$1');
    return {
      queries: [
        { text: statements.redeliver, values: [ids] },
        { text: statements.waitAgain, values: [ids] },
        { text: statements.firstAgain, values: [ids, engine.clockValue()] },
        // Whoever asks for it is seldom whoever sends them.
        ...(told === undefined
          ? []
          : [{ text: told, values: [messageOf({ from: engine.name, due: { host: 0 } })] }]),
      ],
      result: ([again = []]) => again.length,
    };
  });
}

const leasedOf = <L extends Lane>(
  row: Row,
  effectOf: (row: Row) => Effects[L],
): LeasedEffect<Effects[L]> => ({
  id: row.id as string,
  callId: row.call_id as CallId,
  room: row.room as RoomName,
  effect: effectOf(row),
  tries: row.tries as number,
});
