// Which devices ring for which call: written down before anybody pushes.
import type { CallId, InstallationId, UserId } from '../base/ids.ts';
import { type Call, isLive, partyOf } from '../calls/call.ts';
import type { Platform } from '../ringing/device.ts';
import type { Ring, RingStore } from '../ringing/store.ts';
import { callOf } from './columns.ts';
import { deviceStatements, ringStatements } from './device-statements.ts';
import { deviceOf } from './device-store.ts';
import type { Query, Row } from './dialect.ts';
import type { Engine } from './engine.ts';
import { gathered } from './gathered.ts';
import type { ReadStatements } from './read-statements.ts';

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
  const looksAt = (callId: CallId) => {
    const values = [list([callId]), list([])];
    return {
      lock: { text: read.lockCalls, values },
      look: { text: read.scene, values: [...values, engine.clockValue()] },
    };
  };
  /** The phones of a group are hundreds: what comes while some are written goes with the next. */
  const handed = (text: string) => {
    const write = gathered<Handed>(async (all) => {
      const queries = all.toSorted(inOrder).map(({ ring: { callId, uid, ringAt }, to }) => ({
        text,
        values: [callId, uid, ringAt, list(to), engine.clockValue()],
      }));
      await engine.write(queries);
    });
    return (of: Ring, to: readonly InstallationId[]) => write({ ring: of, to });
  };
  return {
    takeRing({ callId, uid, ringAt }) {
      const { lock, look } = looksAt(callId);
      const reads = [lock, look, { text: ring.silentDevices, values: [callId, uid, ringAt] }];
      return engine.transact(reads, ([, rows, found = []]) => {
        const { call, now } = seen(rows);
        if (call === undefined || ringOf(call, uid, now) !== ringAt) {
          return { queries: [], result: () => undefined };
        }
        const devices = found.map(deviceOf);
        const names = list(devices.map(({ installation }) => installation));
        const taken: Query = { text: ring.takeRing, values: [callId, uid, ringAt, names, now] };
        return {
          queries: devices.length > 0 ? [taken] : [],
          result: () => ({ call, now, devices }),
        };
      });
    },
    ringHanded: handed(ring.ringHanded),
    async takeStop(callId, uid, but) {
      const rung = { text: ring.rungDevices, values: [callId, uid] };
      const [rows, found = []] = await engine.ask([looksAt(callId).look, rung]);
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

interface Handed {
  readonly ring: Ring;
  readonly to: readonly InstallationId[];
}

/** Whoever writes some of the same has the same order, so that no two wait for each other. */
const inOrder = (one: Handed, other: Handed): number => (keyOf(one) < keyOf(other) ? -1 : 1);
const keyOf = ({ ring: { callId, uid }, to }: Handed): string => [callId, uid, ...to].join('\n');

function seen(rows: readonly Row[] = []): { call: Call | undefined; now: number } {
  const [row] = rows as [Row];
  return { call: row.id === null ? undefined : callOf(row), now: row.now as number };
}

/** Since when he rings; a ring whose end has passed is over, whether or not anybody has said so. */
function ringOf(call: Call, uid: UserId, now: number): number | undefined {
  const party = partyOf(call, uid);
  const rings =
    isLive(call) &&
    party?.state === 'ringing' &&
    !party.isHidden &&
    (party.ringEndsAt === undefined || now < party.ringEndsAt);
  return rings ? party.createdAt : undefined;
}
