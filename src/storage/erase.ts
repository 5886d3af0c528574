// Nothing is left of a person but that somebody was there.
import { ERASED, type UserId } from '../base/ids.ts';
import type { HostCall, HostParty } from '../calls/host-event.ts';
import type { CallStore } from '../calls/store.ts';
import type { Engine } from './engine.ts';
import type { RowOf } from './sql/columns.ts';
import type { Query, Row } from './sql/dialect.ts';
import {
  type EraseStatements,
  eraseStatements,
  type RENAMED,
  type RENAMED_HOST_EFFECT,
  type RENAMED_TIMER,
} from './sql/erase-statements.ts';

type Renamed = RowOf<typeof RENAMED> & { readonly call_id: string; readonly alias: string };

export function createErase(engine: Engine): CallStore['erase'] {
  const { dialect } = engine;
  const statements = eraseStatements(dialect);
  return (uid) => {
    const locks = [dialect.lockPeople([uid])].filter((lock) => lock !== undefined);
    const reads: Query[] = [
      ...locks,
      ...LOOKS.map((name) => ({ text: statements[name], values: [uid] })),
    ];
    return engine.transact(reads, (answers) => {
      const [, , seats = [], parties = [], hostEffects = []] = answers.slice(locks.length);
      assertOver(seats, parties);
      const renamed = parties.map(aliasOf);
      const queries = writesOf({ uid, renamed, parties, hostEffects }, { dialect, statements });
      return {
        queries,
        // The last two: devices and the person.
        result: (written) =>
          parties.length > 0 ||
          written.slice(queries.length - 2, queries.length).some((gone) => gone.length > 0),
      };
    });
  };
}

const LOOKS = [
  'lockCallsOf',
  'lockDevicesOf',
  'seatOf',
  'partiesOf',
  'hostEffectsOf',
] as const satisfies readonly (keyof EraseStatements)[];

/** A ring that is kept from him rings out under his new name: nothing of it reaches him. */
function assertOver(seats: readonly Row[], parties: readonly Row[]): void {
  const rings = parties.some(
    (row) => row.state === 'ringing' && Boolean(row.is_live) && !row.is_hidden,
  );
  if (seats.length === 0 && !rings) return;
  throw new Error(
    'whoever holds a seat, or is being rung, cannot be erased: end that first (switchboard.calls.eraseUser does)',
  );
}

/** In a call in which somebody was erased before, the next one has a number. */
function aliasOf(row: Row): Renamed {
  const taken = JSON.parse((row.erased as string | null) ?? '[]') as string[];
  let alias = ERASED;
  for (let n = 2; taken.includes(alias); n += 1) alias = `${ERASED}-${n}`;
  return { call_id: row.call_id as string, alias };
}

interface Erased {
  readonly uid: UserId;
  readonly renamed: readonly Renamed[];
  readonly parties: readonly Row[];
  readonly hostEffects: readonly Row[];
}

function writesOf(
  { uid, renamed, parties, hostEffects }: Erased,
  { dialect, statements }: { dialect: Engine['dialect']; statements: EraseStatements },
): Query[] {
  const aliases = new Map(renamed.map(({ call_id, alias }) => [call_id, alias]));
  const live = parties.flatMap((row) => (row.is_live ? [row.call_id as string] : []));
  const placed = renamed.filter((_, index) => parties[index]?.role === 'caller');
  const timers: RowOf<typeof RENAMED_TIMER>[] = live.flatMap((call_id) =>
    ['ring', 'grace'].map((what) => ({
      call_id,
      key: `${what}:${uid}`,
      alias: `${what}:${aliases.get(call_id)}`,
    })),
  );
  const told = hostEffects.map((row) =>
    renamedIn(row, { uid, alias: aliases.get(row.call_id as string) as string }),
  );
  const ofCalls = (text: string, calls: string): Query => ({ text, values: [uid, calls] });
  const rows = JSON.stringify(renamed);
  const ids = dialect.list([...aliases.keys()]);
  return [
    ofCalls(statements.renameParties, rows),
    { text: statements.forgetRequests, values: [ids] },
    { text: statements.renameCallers, values: [JSON.stringify(placed)] },
    { text: statements.renameTimers, values: [JSON.stringify(timers)] },
    { text: statements.renameInHostEffects, values: [JSON.stringify(told)] },
    ofCalls(statements.eraseEffects, ids),
    ofCalls(statements.erasePushes, ids),
    ofCalls(statements.eraseRung, ids),
    { text: statements.eraseDevices, values: [uid] },
    { text: statements.erasePerson, values: [uid] },
  ];
}

/** What the host has yet to be told. */
function renamedIn(
  row: Row,
  { uid, alias }: { uid: string; alias: string },
): RowOf<typeof RENAMED_HOST_EFFECT> {
  const call = JSON.parse(row.call as string) as HostCall;
  const nameOf = (of: string) => (of === uid ? alias : of) as UserId;
  const partyOf = (party: HostParty): HostParty => {
    if (party.uid !== uid) return party;
    const { device: _, name: __, picture: ___, ...rest } = party;
    return { ...rest, uid: nameOf(uid) };
  };
  const renamed = { ...call, caller: nameOf(call.caller), parties: call.parties.map(partyOf) };
  return {
    id: row.id as string,
    uid: row.uid === null ? null : nameOf(row.uid as string),
    call: JSON.stringify(renamed),
  };
}
