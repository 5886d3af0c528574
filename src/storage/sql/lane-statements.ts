// The SQL of deadlines and lanes: when the next is due, taking what is, and what came of it.

import { BEHIND, EFFECT, HOST_EFFECT, PUSH_EFFECT } from '../effects.ts';
import type { Dialect } from './dialect.ts';

export type LaneStatements = ReturnType<typeof laneStatements>;

export function laneStatements(dialect: Dialect) {
  const { schema, isIn, now, forUpdate } = dialect;
  const next = (table: string, column: string) =>
    `select ${now('$1')} as now, (select min(${column}) from ${schema}${table}) as at`;
  const done = (table: string) => `delete from ${schema}${table} where ${isIn('id', '$1')}`;
  const host = `${schema}host_effects`;
  return {
    nextDeadline: next('timers', 'due_at'),
    nextRoomEffect: next('effects', 'run_at'),
    nextPush: next('push_effects', 'run_at'),
    nextHostEvent: next('host_effects', 'run_at'),
    leaseRoomEffects: lease(dialect, 'effects', EFFECT),
    leasePushes: lease(dialect, 'push_effects', PUSH_EFFECT),
    leaseHostEvents: lease(dialect, 'host_effects', HOST_EFFECT),
    roomEffectsDone: done('effects'),
    pushesDone: done('push_effects'),
    roomEffectFailed: failed(dialect, 'effects'),
    pushFailed: failed(dialect, 'push_effects'),
    hostEventFailed: failed(dialect, 'host_effects'),
    /** Held, so that no event comes behind one that goes in this moment. */
    lockCallsOfHostEvents: `select id from ${schema}calls
  where id in (select call_id from ${host} where ${isIn('id', '$1')}) order by id ${forUpdate}`,
    /** Those right behind these have their turn. */
    hostEventsNext: `update ${host} set run_at = ${now('$2')}
  where run_at = ${BEHIND} and id in (select (
    select n.id from ${host} n where n.call_id = d.call_id and n.target = d.target
      and n.run_at is not null and not ${isIn('n.id', '$1')} order by n.sequence limit 1
  ) from ${host} d where ${isIn('d.id', '$1')}) returning id`,
    hostEventsDone: done('host_effects'),
    hostEventsGivenUp: `update ${host} set run_at = null where ${isIn('id', '$1')}`,
    ...redelivery(dialect),
  } as const;
}

function lease(
  { schema, now, skipLocked }: Dialect,
  table: string,
  columns: Readonly<Record<string, string>>,
): string {
  const own = `${schema}${table}`;
  return `update ${own} set run_at = ${now('$1')} + $2, tries = tries + 1
  where id in (select id from ${own} where run_at <= ${now('$1')} order by run_at limit $3 ${skipLocked})
  returning ${Object.keys(columns).join(', ')},
    (select room from ${schema}calls c where c.id = ${own}.call_id) as room`;
}

/** What was given up, or has to wait again, stays as it is. */
const failed = ({ schema, now }: Dialect, table: string): string =>
  `update ${schema}${table} set run_at = ${now('$1')} + $2
  where id = $3 and run_at < ${BEHIND} returning id`;

/** A few calls at a time, held. Some later event may wait for its turn: it goes behind again. */
function redelivery({ schema, isIn, now, forUpdate, skipLocked }: Dialect) {
  const host = `${schema}host_effects`;
  const earlier = (
    of: string,
  ) => `select 1 from ${host} earlier where earlier.call_id = ${of}.call_id
    and earlier.target = ${of}.target and earlier.sequence < ${of}.sequence and earlier.run_at is not null`;
  const lock = (how: string) => `select id from ${schema}calls where id in (
    select call_id from ${host} where run_at is null limit $1
  ) order by id ${how}`;
  return {
    lockGivenUp: lock(skipLocked),
    /** Where all of them are held: waited for one at a time, and no other is held meanwhile. */
    lockGivenUpHeld: lock(forUpdate),
    redeliver: `update ${host} set run_at = ${BEHIND}, tries = 0
  where ${isIn('call_id', '$1')} and run_at is null returning id`,
    waitAgain: `update ${host} set run_at = ${BEHIND}
  where ${isIn('call_id', '$1')} and run_at < ${BEHIND} and exists (${earlier('host_effects')})`,
    firstAgain: `update ${host} set run_at = ${now('$2')}
  where ${isIn('call_id', '$1')} and run_at = ${BEHIND} and not exists (${earlier('host_effects')})`,
  };
}
