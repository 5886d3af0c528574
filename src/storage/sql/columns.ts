// The columns of the tables, and what is in them as words of a call.
import type { CallId, RoomName, UserId } from '../../base/ids.ts';
import type { Call, Party, TimerKey } from '../../calls/call.ts';
import type { ColumnType, Row } from './dialect.ts';

export type Columns = Readonly<Record<string, ColumnType>>;

/** What never changes of a call. */
export const CALL_FIXED = {
  id: 'text',
  room: 'text',
  caller: 'text',
  kind: 'text',
  context: 'text',
  data: 'text',
  request_hash: 'text',
  created_at: 'bigint',
} as const satisfies Columns;

export const CALL_CHANGING = {
  is_group: 'boolean',
  state: 'text',
  outcome: 'text',
  reason: 'text',
  active_at: 'bigint',
  talk_at: 'bigint',
  ended_at: 'bigint',
  heard: 'text',
  told: 'bigint',
} as const satisfies Columns;

/** In the order in which a party is read. */
export const PARTY = {
  uid: 'text',
  position: 'bigint',
  role: 'text',
  state: 'text',
  is_hidden: 'boolean',
  device: 'text',
  seated_at: 'bigint',
  ring_ends_at: 'bigint',
  sid: 'text',
  sid_at: 'bigint',
  gone_sid: 'text',
  answered_at: 'bigint',
  left_at: 'bigint',
  reason: 'text',
  created_at: 'bigint',
  rings: 'bigint',
  alerted_at: 'bigint',
  reach: 'bigint',
  version: 'bigint',
  cause: 'text',
} as const satisfies Columns;

/** What a party's row has of its call. */
export const PARTY_CALL = {
  call_id: 'text',
  context: 'text',
  is_live: 'boolean',
} as const satisfies Columns;

export const SEAT = {
  uid: 'text',
  call_id: 'text',
  device: 'text',
  since: 'bigint',
} as const satisfies Columns;

export const TIMER = { call_id: 'text', key: 'text', due_at: 'bigint' } as const satisfies Columns;

/**
 * A person as a change writes it: `version` is by how much it rises, `epoch` that of a new one. A
 * name or picture that is null stays what it was, an empty one is none.
 */
export const PERSON = {
  uid: 'text',
  epoch: 'text',
  version: 'bigint',
  name: 'text',
  picture: 'text',
} as const satisfies Columns;

/** What is undefined is not written out, and is null to the database: most of a new call is. */
export type RowOf<Of extends Columns> = {
  readonly [Name in keyof Of]:
    | (Of[Name] extends 'text' ? string : Of[Name] extends 'bigint' ? number : boolean)
    | null
    | undefined;
};

export const callRow = (call: Call): RowOf<typeof CALL_FIXED & typeof CALL_CHANGING> => ({
  id: call.id,
  room: call.room,
  caller: call.caller,
  kind: call.kind,
  context: call.context,
  data: call.data,
  request_hash: call.requestHash,
  created_at: call.createdAt,
  ...changingCallRow(call),
});

export const changingCallRow = (call: Call): RowOf<typeof CALL_CHANGING> => ({
  is_group: call.isGroup,
  state: call.state,
  outcome: call.outcome,
  reason: call.reason,
  active_at: call.activeAt,
  talk_at: call.talkAt,
  ended_at: call.endedAt,
  heard: call.heard,
  told: call.told,
});

export const partyRow = (party: Party, position: number): RowOf<typeof PARTY> => ({
  uid: party.uid,
  position,
  role: party.role,
  state: party.state,
  is_hidden: party.isHidden,
  device: party.device,
  seated_at: party.seatedAt,
  ring_ends_at: party.ringEndsAt,
  sid: party.sid,
  sid_at: party.sidAt,
  gone_sid: party.goneSid,
  answered_at: party.answeredAt,
  left_at: party.leftAt,
  reason: party.reason,
  created_at: party.createdAt,
  rings: party.rings,
  alerted_at: party.alertedAt,
  reach: party.reach,
  version: party.version,
  cause: party.cause,
});

/** Out of a row of `selectCalls`. */
export function callOf(row: Row): Call {
  const parties = (JSON.parse((row.parties as string | null) ?? '[]') as unknown[][])
    .sort((a, b) => (a[1] as number) - (b[1] as number))
    .map(partyOf);
  const timers = JSON.parse((row.timers as string | null) ?? '{}') as Record<TimerKey, number>;
  return known<Call>({
    id: row.id as CallId,
    room: row.room as RoomName,
    caller: row.caller as UserId,
    kind: row.kind as Call['kind'],
    context: row.context as string | null,
    data: row.data as string | null,
    requestHash: row.request_hash as string,
    isGroup: Boolean(row.is_group),
    state: row.state as Call['state'],
    outcome: row.outcome as Call['outcome'] | null,
    reason: row.reason as Call['reason'] | null,
    createdAt: row.created_at as number,
    activeAt: row.active_at as number | null,
    talkAt: row.talk_at as number | null,
    endedAt: row.ended_at as number | null,
    heard: row.heard as Call['heard'],
    told: row.told as number | null,
    parties,
    timers: new Map(Object.entries(timers) as [TimerKey, number][]),
  });
}

/** Of a party, in the order in which it is read; its position has put it where it is. */
const PARTY_PROPERTIES = [...Object.keys(PARTY), 'name', 'picture'].map((column) =>
  column === 'position'
    ? undefined
    : column.replace(/_./g, ([, first = '']) => first.toUpperCase()),
);

/** Of a call there are many: no more is made of one than is in it. */
function partyOf(values: readonly unknown[]): Party {
  const party: Record<string, unknown> = {};
  for (const [nth, property] of PARTY_PROPERTIES.entries()) {
    const value = values[nth];
    // An empty name is none.
    if (property !== undefined && value !== null && value !== '') party[property] = value;
  }
  party.isHidden = Boolean(party.isHidden);
  return party as unknown as Party;
}

/** An empty one is none. */
export const profileOf = ({ name, picture }: Row) => ({
  name: (name as string | null) || null,
  picture: (picture as string | null) || null,
});

type OrNull<T> = { [Name in keyof T]: T[Name] | null };

/** A property that has no value is not there. */
export function known<T>(value: OrNull<Record<keyof T, unknown>>): T {
  const left: Record<string, unknown> = {};
  for (const [name, of] of Object.entries(value)) {
    if (of !== null && of !== undefined) left[name] = of;
  }
  return left as T;
}
