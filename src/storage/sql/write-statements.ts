// The SQL that writes. Rows come as one parameter, so that a change has few statements whatever its
// size.

import { BEHIND, EFFECT, HOST_EFFECT, PUSH_EFFECT } from '../effects.ts';
import {
  CALL_CHANGING,
  CALL_FIXED,
  type Columns,
  PARTY,
  PARTY_CALL,
  PERSON,
  SEAT,
  TIMER,
} from './columns.ts';
import type { Dialect } from './dialect.ts';
import { HEARD_MS } from './read-statements.ts';

export type WriteStatements = ReturnType<typeof writeStatements>;
export type ListStatements = ReturnType<typeof listStatements>;

const named = (columns: Columns): string => Object.keys(columns).join(', ');
const set = (columns: Columns, from: string): string =>
  Object.keys(columns)
    .map((name) => `${name} = ${from}.${name}`)
    .join(', ');

/** What a change writes: a list of rows a statement, in the parameter. */
export function listStatements(dialect: Dialect) {
  const { schema, rows } = dialect;
  const insert = (table: string, columns: Columns) => (parameter: string) =>
    `insert into ${schema}${table} (${named(columns)}) select ${Object.keys(columns)
      .map((name) => `r.${name}`)
      .join(', ')} from ${rows(parameter, columns)} where true`;
  const remove = (table: string, key: string) => (parameter: string) =>
    `delete from ${schema}${table} where (call_id, ${key}) in (
    select r.call_id, r.${key} from ${rows(parameter, { call_id: 'text', [key]: 'text' })})`;
  const timers = insert('timers', TIMER);
  return {
    people: raisePeople(dialect),
    seatsGivenUp: remove('seats', 'uid'),
    calls: insert('calls', { ...CALL_FIXED, ...CALL_CHANGING }),
    changedCalls: (parameter: string) =>
      `update ${schema}calls set ${set(CALL_CHANGING, 'r')}
  from ${rows(parameter, { id: 'text', ...CALL_CHANGING })} where ${schema}calls.id = r.id`,
    seatsTaken: insert('seats', SEAT),
    parties: upsertParties(dialect),
    timersGone: remove('timers', 'key'),
    timers: (parameter: string) =>
      `${timers(parameter)} on conflict (call_id, key) do update set due_at = excluded.due_at`,
    effects: insert('effects', EFFECT),
    pushEffects: insert('push_effects', PUSH_EFFECT),
    hostEffects: insertHostEffects(dialect),
  } as const;
}

export function writeStatements(dialect: Dialect) {
  const { schema, isIn, now } = dialect;
  const nowhere = `not exists (select 1 from ${schema}parties p where p.uid = ${schema}people.uid)`;
  const listening = (lock: string) =>
    `update ${schema}people set heard_at = ${now('$1')} where uid in (
    select uid from ${schema}people where ${isIn('uid', '$2')} order by uid ${lock}) returning uid`;
  return {
    makePerson: `insert into ${schema}people (uid, epoch, version) values ($1, $2, 0) on conflict (uid) do nothing`,
    listening: listening(dialect.skipLocked),
    /** Those who were held then: waited for, and nobody else with them. */
    listeningHeld: listening(dialect.forUpdate),
    /** With the people in them. */
    endedBefore: `select c.id, (select ${dialect.jsonArrays}(p.uid) from ${schema}parties p where p.call_id = c.id) as people
  from ${schema}calls c where c.ended_at < ${now('$1')} - $2 order by c.ended_at limit $3`,
    lockEnded: `select id from ${schema}calls where ${isIn('id', '$1')} and ended_at is not null
  order by id ${dialect.skipLocked}`,
    forget: `delete from ${schema}calls where ${isIn('id', '$1')}`,
    /** Who is in no call any more leaves nothing behind; whoever listens now is still known to. */
    forgetPeople: `delete from ${schema}people where ${isIn('uid', '$2')} and ${nowhere}
  and coalesce(heard_at, 0) < ${now('$1')} - ${HEARD_MS}`,
    forgetNames: `update ${schema}people set name = null, picture = null
  where ${isIn('uid', '$1')} and ${nowhere}`,
  } as const;
}

/** The version is written last of all locks, and held to the commit: a reader meets no gap. */
const raisePeople =
  ({ schema, rows }: Dialect) =>
  (parameter: string): string =>
    `insert into ${schema}people as n (uid, epoch, version, name, picture)
  select r.uid, r.epoch, r.version, r.name, r.picture from ${rows(parameter, PERSON)} where true
  on conflict (uid) do update set version = n.version + excluded.version,
    name = coalesce(excluded.name, n.name), picture = coalesce(excluded.picture, n.picture)
  returning uid, version, name, picture`;

function upsertParties({ schema, rows }: Dialect): (parameter: string) => string {
  const columns = { ...PARTY, ...PARTY_CALL };
  const { call_id: _, uid: __, ...changing } = columns;
  const values = Object.keys(columns).map((name) =>
    name === 'version'
      ? `coalesce((select n.version from ${schema}people n where n.uid = r.uid) - r.behind, r.version)`
      : `r.${name}`,
  );
  // `behind`: by how much this call's version is below the person's, who may see several change.
  return (parameter) => `insert into ${schema}parties (${named(columns)})
  select ${values.join(', ')} from ${rows(parameter, { ...columns, behind: 'bigint' })} where true
  on conflict (call_id, uid) do update set ${set(changing, 'excluded')}`;
}

/** One that comes while others of its call wait, or are told, goes behind them. */
const insertHostEffects =
  ({ schema, rows }: Dialect) =>
  (parameter: string): string => {
    const values = Object.keys(HOST_EFFECT).map((name) =>
      name === 'run_at'
        ? `case when exists (select 1 from ${schema}host_effects h where h.call_id = r.call_id
    and h.target = r.target and h.run_at is not null) then ${BEHIND} else r.run_at end`
        : `r.${name}`,
    );
    return `insert into ${schema}host_effects (${named(HOST_EFFECT)})
  select ${values.join(', ')} from ${rows(parameter, HOST_EFFECT)} where true`;
  };
