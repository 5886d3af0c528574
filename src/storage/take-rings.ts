// Which devices are still to be rung: for all rings of a call that wait for it at once, in one
// transaction. The members of a group are rung in the same moment, and their call is looked at once.
// Each call for itself: one that somebody holds keeps no other's phones waiting.
import type { CallId, UserId } from '../base/ids.ts';
import { type Call, isLive, partyOf } from '../calls/call.ts';
import type { Ring, RingStore, TakenRing } from '../ringing/store.ts';
import { deviceOf } from './device-store.ts';
import type { Answers, Engine, Writes } from './engine.ts';
import { gatheredBy } from './gathered.ts';
import { callOf } from './sql/columns.ts';
import type { RingStatements } from './sql/device-statements.ts';
import type { Row } from './sql/dialect.ts';
import type { ReadStatements } from './sql/read-statements.ts';

interface Asked {
  readonly ring: Ring;
  taken?: TakenRing | undefined;
}

export function createTakeRing(
  engine: Engine,
  read: ReadStatements,
  statements: RingStatements,
): RingStore['takeRing'] {
  const { list } = engine.dialect;
  const takeAll = gatheredBy<Asked>(
    ({ ring }) => ring.callId,
    async (all) => {
      const rings = new Map(all.map(({ ring }) => [keyOf(ring), ring]));
      const calls = [list([...new Set(all.map(({ ring }) => ring.callId))]), list([])];
      const taken = await engine.transact(
        [
          { text: read.lockCalls, values: calls },
          { text: read.scene, values: [...calls, engine.clockValue()] },
          { text: statements.silentDevices, values: [rowsOf([...rings.values()])] },
        ],
        (answers) => take(rings, answers),
      );
      for (const asked of all) asked.taken = taken.get(keyOf(asked.ring));
    },
  );

  function take(
    rings: ReadonlyMap<string, Ring>,
    [, scene = [], found = []]: Answers,
  ): Writes<ReadonlyMap<string, TakenRing>> {
    const now = scene[0]?.now as number;
    const calls = new Map(
      scene.flatMap((row) => (row.id === null ? [] : [[row.id as string, callOf(row)] as const])),
    );
    const silent = Map.groupBy(found, (row) => keyOf(ringIn(row)));
    const taken = new Map<string, TakenRing>();
    const rung: object[] = [];
    for (const [key, ring] of rings) {
      const call = calls.get(ring.callId);
      if (call === undefined || ringAtOf(call, ring.uid, now) !== ring.ringAt) continue;
      const devices = (silent.get(key) ?? []).map(deviceOf);
      taken.set(key, { call, now, devices });
      for (const { installation } of devices) rung.push({ ...columnsOf(ring), installation });
    }
    const write = { text: statements.takeRings, values: [JSON.stringify(rung), now] };
    return { queries: rung.length > 0 ? [write] : [], result: () => taken };
  }

  return async (ring) => {
    const asked: Asked = { ring };
    await takeAll(asked);
    return asked.taken;
  };
}

const keyOf = ({ callId, uid, ringAt }: Ring): string => [callId, uid, ringAt].join('\n');
const columnsOf = ({ callId, uid, ringAt }: Ring) => ({ call_id: callId, uid, ring_at: ringAt });
const rowsOf = (rings: readonly Ring[]): string => JSON.stringify(rings.map(columnsOf));
const ringIn = ({ call_id, uid, ring_at }: Row): Ring => ({
  callId: call_id as CallId,
  uid: uid as UserId,
  ringAt: ring_at as number,
});

/** Since when he rings; a ring whose end has passed is over, whether or not anybody has said so. */
function ringAtOf(call: Call, uid: UserId, now: number): number | undefined {
  const party = partyOf(call, uid);
  const rings =
    isLive(call) &&
    party?.state === 'ringing' &&
    !party.isHidden &&
    (party.ringEndsAt === undefined || now < party.ringEndsAt);
  return rings ? party.createdAt : undefined;
}
