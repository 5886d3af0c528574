// Which devices ring for which call: written down before anybody pushes.
import type { CallId, InstallationId, UserId } from '../base/ids.ts';
import { type Call, partyOf } from '../calls/call.ts';
import type { Platform } from '../ringing/device.ts';
import type { Ring, RingStore } from '../ringing/store.ts';
import { deviceOf } from './device-store.ts';
import type { Engine } from './engine.ts';
import { gathered } from './gathered.ts';
import { callOf } from './sql/columns.ts';
import { deviceStatements, ringStatements } from './sql/device-statements.ts';
import type { Row } from './sql/dialect.ts';
import type { ReadStatements } from './sql/read-statements.ts';
import { createTakeRing } from './take-rings.ts';

/** A try at a provider is over by then. */
const ON_THE_WAY_MS = 5_000;

export function createRingStore({
  engine,
  read,
}: {
  engine: Engine;
  read: ReadStatements;
}): RingStore {
  const { list } = engine.dialect;
  const ring = ringStatements(engine.dialect);
  const { seeDevice } = deviceStatements(engine.dialect);
  /** The phones of a group are hundreds: what comes while some are written goes with the next. */
  const handed = (text: string) => {
    const write = gathered<HandedRow>(async (all) => {
      const calls = list([...new Set(all.map(({ call_id }) => call_id))]);
      const values = [JSON.stringify(all.toSorted(inOrder)), engine.clockValue(), calls];
      await engine.write([{ text, values }]);
    }, engine.rest);
    return async ({ callId, uid, ringAt }: Ring, to: readonly InstallationId[]) => {
      const ring = { call_id: callId, uid, ring_at: ringAt };
      await Promise.all(to.map((installation) => write({ ...ring, installation })));
    };
  };
  return {
    takeRing: createTakeRing(engine, read, ring),
    ringHanded: handed(ring.ringHanded),
    async takeStop(callId, uid, but) {
      const rung = { text: ring.rungDevices, values: [callId, uid] };
      const look = {
        text: read.scene,
        values: [list([callId]), list([]), engine.clockValue()],
      };
      const [rows, found = []] = await engine.ask([look, rung]);
      const { call, now } = seen(rows);
      const party = call && partyOf(call, uid);
      if (call === undefined || party === undefined || party.state === 'ringing') return undefined;
      const told = found.filter(({ installation }) => installation !== but);
      const isOnTheWay = ({ open_try_at }: Row) =>
        open_try_at !== null && now - (open_try_at as number) < ON_THE_WAY_MS;
      return {
        call,
        now,
        ringAt: party.createdAt,
        devices: told.map(deviceOf),
        onTheWay: told.filter(isOnTheWay).map((row) => row.installation as InstallationId),
      };
    },
    stopHanded: handed(ring.stopHanded),
    async deviceAlerted(callId, uid, installation) {
      const now = engine.clockValue();
      const [, [row] = []] = await engine.write([
        { text: seeDevice, values: [uid, installation, now] },
        { text: ring.deviceAlerted, values: [callId, uid, installation, now] },
      ]);
      return row?.platform as Platform | undefined;
    },
  };
}

interface HandedRow {
  readonly call_id: CallId;
  readonly uid: UserId;
  readonly ring_at: number;
  readonly installation: InstallationId;
}

/** Whoever writes some of the same has the same order, so that no two wait for each other. */
const inOrder = (one: HandedRow, other: HandedRow): number => (isBefore(one, other) ? -1 : 1);

function isBefore(one: HandedRow, other: HandedRow): boolean {
  if (one.call_id !== other.call_id) return one.call_id < other.call_id;
  return one.uid === other.uid ? one.installation < other.installation : one.uid < other.uid;
}

function seen(rows: readonly Row[] = []): { call: Call | undefined; now: number } {
  const [row] = rows as [Row];
  return { call: row.id === null ? undefined : callOf(row), now: row.now as number };
}
