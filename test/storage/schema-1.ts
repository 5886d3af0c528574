// Schema 1 as it was published, and what code that was made for it says to a database.
import { readFileSync } from 'node:fs';

interface Published {
  readonly tables: readonly string[];
  readonly statements: Readonly<Record<string, string>>;
}

export const SCHEMA_1 = JSON.parse(
  readFileSync(new URL('./schema-1.json', import.meta.url), 'utf8'),
) as Readonly<Record<'sqlite' | 'postgres', Published>>;

export const OLD_CALL = {
  id: '00000000-0000-4000-8000-000000000001',
  room: 'call_1',
  caller: 'alice',
  kind: 'audio',
  context: null,
  data: null,
  request_hash: 'hash',
  created_at: 1_000,
  is_group: false,
  state: 'ringing',
  outcome: null,
  reason: null,
  active_at: null,
  talk_at: null,
  ended_at: null,
  heard: 'nothing',
};

const OLD_PARTY = {
  call_id: OLD_CALL.id,
  uid: 'alice',
  position: 0,
  role: 'caller',
  state: 'joining',
  is_hidden: false,
  device: 'phone',
  seated_at: 1_000,
  created_at: 1_000,
  version: 0,
  behind: 0,
  cause: 'ringing',
  is_live: true,
};

/** Lists as the code of then writes them, in its order. */
export const OLD_PLACE: readonly (readonly [statement: string, rows: readonly object[]])[] = [
  ['people', [{ uid: 'alice', epoch: 'e', version: 1, name: 'Alice', picture: null }]],
  ['calls', [OLD_CALL]],
  ['seatsTaken', [{ uid: 'alice', call_id: OLD_CALL.id, device: 'phone', since: 1_000 }]],
  ['parties', [OLD_PARTY]],
  ['timers', [{ call_id: OLD_CALL.id, key: 'watch', due_at: 2_000 }]],
  [
    'effects',
    [{ id: 'x', call_id: OLD_CALL.id, type: 'create_room', uid: null, run_at: 1_000, tries: 0 }],
  ],
];

/** What the code of now reads of it. */
export const OLD_CALL_READ = {
  id: OLD_CALL.id,
  state: 'ringing',
  parties: [{ uid: 'alice', state: 'joining', name: 'Alice', version: 1 }],
  timers: new Map([['watch', 2_000]]),
};
