// The ports of calls, devices and rings, over any engine that speaks SQL.
import type { CallId, RoomName, UserId } from '../base/ids.ts';
import type { Call } from '../calls/call.ts';
import type { DueTimer } from '../calls/store.ts';
import { createChange } from './change.ts';
import { createDeviceStore } from './device-store.ts';
import type { Engine } from './engine.ts';
import { createErase } from './erase.ts';
import { createFeed } from './feed.ts';
import { createForget } from './forget.ts';
import { createHistory } from './history.ts';
import { createLanes } from './lanes.ts';
import { createRingStore } from './ring-store.ts';
import { callOf } from './sql/columns.ts';
import type { Row } from './sql/dialect.ts';
import { readStatements } from './sql/read-statements.ts';
import { writeStatements } from './sql/write-statements.ts';
import type { Life, Store } from './store.ts';
import type { Wake } from './wake.ts';
import { createWriteQueries } from './write-queries.ts';

/** Held for as long as it takes to write: whoever changes a call of theirs waits for it. */
const LISTENERS_AT_ONCE = 500;

export function createCallStore(engine: Engine, wake: Wake): Omit<Store, Life> {
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
    ...createFeed(parts),
    async due(limit) {
      const [rows = []] = await engine.ask([{ text: read.due, values: [clock(), limit] }]);
      return rows.map(dueOf);
    },
    ...createLanes(parts),
    ...createDeviceStore(engine),
    ...createRingStore(parts),
    async roomsEndedWithin(ms) {
      const [rows = []] = await engine.ask([{ text: read.roomsEnded, values: [clock(), ms] }]);
      return rows.map(({ room }) => room as RoomName);
    },
    async listening(uids) {
      const hear = (text: string, who: readonly UserId[]) =>
        engine.ask([{ text, values: [clock(), engine.dialect.list(who)] }]);
      for (let first = 0; first < uids.length; first += LISTENERS_AT_ONCE) {
        const some = uids.slice(first, first + LISTENERS_AT_ONCE);
        const [rows = []] = await hear(write.listening, some);
        const heard = new Set(rows.map(({ uid }) => uid));
        const held = some.filter((uid) => !heard.has(uid));
        if (held.length > 0) await hear(write.listeningHeld, held);
      }
    },
    forget: createForget(parts),
    erase: createErase(engine),
    onChangeFor: wake.onChangeFor,
    onDue: wake.onDue,
  };
}

const dueOf = (row: Row): DueTimer => ({
  callId: row.call_id as CallId,
  room: row.room as RoomName,
  key: row.key as string,
  dueAt: row.due_at as number,
});
