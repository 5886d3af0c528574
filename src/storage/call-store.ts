// The port of the calls, over any engine that speaks SQL.
import type { CallId, RoomName, UserId } from '../base/ids.ts';
import type { Call } from '../calls/call.ts';
import type { CallStore, DueTimer, LeasedEffect } from '../calls/store.ts';
import { createChange } from './change.ts';
import { callOf, effectOf } from './columns.ts';
import type { Row } from './dialect.ts';
import type { Engine } from './engine.ts';
import { createFeed } from './feed.ts';
import { createForget } from './forget.ts';
import { gathered } from './gathered.ts';
import { createHistory } from './history.ts';
import { readStatements } from './read-statements.ts';
import type { Wake } from './wake.ts';
import { createWriteQueries } from './write-queries.ts';
import { writeStatements } from './write-statements.ts';

/** What is left to the engine: a life of its own. */
export type CallsOnly = Omit<CallStore, 'open' | 'close' | 'fault'>;

export function createCallStore(engine: Engine, wake: Wake): CallsOnly {
  const read = readStatements(engine.dialect);
  const write = writeStatements(engine.dialect);
  const parts = { engine, read, write, queriesOf: createWriteQueries(engine.dialect), wake };
  const clock = () => engine.clockValue();
  const timeQuery = () => ({ text: read.now, values: [clock()] });
  const callsAndNow = async (text: string, value: string) => {
    const [calls, [time]] = (await engine.ask([{ text, values: [value] }, timeQuery()])) as [
      Row[],
      [Row],
    ];
    return { calls: calls.map(callOf), now: time.now as number };
  };
  const roomEffectDone = gathered(async (ids: readonly string[]) => {
    await engine.ask([{ text: write.effectsDone, values: [engine.dialect.list(ids)] }]);
  });
  const notYet = async () => {
    throw new Error('not yet');
  };
  return {
    change: createChange(parts),
    async call(id: CallId) {
      const { calls, now } = await callsAndNow(read.call, id);
      return { call: calls[0], now };
    },
    async callInRoom(room: RoomName): Promise<Call | undefined> {
      const [rows] = await engine.ask([{ text: read.callInRoom, values: [room] }]);
      return rows?.map(callOf)[0];
    },
    live: (uid: UserId) => callsAndNow(read.live, uid),
    history: createHistory(parts),
    feed: createFeed(parts),
    async due(limit) {
      const [rows = []] = await engine.ask([{ text: read.due, values: [clock(), limit] }]);
      return rows.map(dueOf);
    },
    async nextDueMs() {
      const [rows] = await engine.ask([{ text: read.nextDue, values: [clock()] }]);
      const next = rows?.[0] as Record<string, number | null>;
      const times = [next.timer_at, next.effect_at].filter((at) => typeof at === 'number');
      return times.length === 0
        ? undefined
        : Math.max(0, Math.min(...times) - (next.now as number));
    },
    async leaseEffects(_lane, limit, leaseMs) {
      const values = [clock(), leaseMs, limit];
      const [rows = []] = await engine.ask([{ text: write.leaseEffects, values }]);
      return rows.map(leasedOf) as never;
    },
    effectDone: (_lane, id) => roomEffectDone(id),
    async effectFailed(_lane, id, retryMs) {
      const values = [clock(), retryMs, id];
      const [rows] = await engine.ask([{ text: write.effectFailed, values }]);
      if (rows?.[0] !== undefined) wake.due(retryMs);
    },
    async roomsEndedWithin(ms) {
      const [rows = []] = await engine.ask([{ text: read.roomsEnded, values: [clock(), ms] }]);
      return rows.map(({ room }) => room as RoomName);
    },
    forget: createForget(parts),
    onChangeFor: wake.onChangeFor,
    onDue: wake.onDue,
    hostEventGivenUp: notYet,
    redeliverHostEvents: notYet,
    erase: notYet,
    listening: notYet,
  };
}

const dueOf = (row: Row): DueTimer => ({
  callId: row.call_id as CallId,
  room: row.room as RoomName,
  key: row.key as string,
  dueAt: row.due_at as number,
});

const leasedOf = (row: Row): LeasedEffect => ({
  id: row.id as string,
  callId: row.call_id as CallId,
  room: row.room as RoomName,
  effect: effectOf(row),
  tries: row.tries as number,
});
