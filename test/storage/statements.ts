// Every statement that the stores have, by name.
import { deviceStatements, ringStatements } from '../../src/storage/sql/device-statements.ts';
import type { Dialect } from '../../src/storage/sql/dialect.ts';
import { eraseStatements } from '../../src/storage/sql/erase-statements.ts';
import { laneStatements } from '../../src/storage/sql/lane-statements.ts';
import { readStatements } from '../../src/storage/sql/read-statements.ts';
import { listStatements, writeStatements } from '../../src/storage/sql/write-statements.ts';

export function statementsOf(dialect: Dialect): [name: string, text: string][] {
  const lists = Object.entries(listStatements(dialect));
  return [
    ...Object.entries(readStatements(dialect)),
    ...Object.entries(writeStatements(dialect)),
    ...Object.entries(laneStatements(dialect)),
    ...Object.entries(deviceStatements(dialect)),
    ...Object.entries(ringStatements(dialect)),
    ...Object.entries(eraseStatements(dialect)),
    ...lists.map(([name, text]): [string, string] => [name, text('$1')]),
  ];
}

/** By which index each list is found: another one would do, and read a person's whole life. */
export const INDEXES: Readonly<Record<string, string>> = {
  history: 'parties_history',
  historyInContext: 'parties_context',
  feed: 'parties_feed',
  snapshot: 'parties_live',
  live: 'parties_live',
  callees: 'parties_history',
  due: 'timers_due',
  nextDeadline: 'timers_due',
  nextRoomEffect: 'effects_run',
  nextPush: 'push_effects_run',
  nextHostEvent: 'host_effects_run',
  leaseRoomEffects: 'effects_run',
  leasePushes: 'push_effects_run',
  leaseHostEvents: 'host_effects_run',
  forgetDevices: 'devices_seen',
  lockGivenUp: 'host_effects_run',
  lockGivenUpHeld: 'host_effects_run',
  roomsEnded: 'calls_ended',
  endedBefore: 'calls_ended',
};

/** All that hangs on a call goes with it. */
export const TABLES = ['calls', 'people', 'devices'];
