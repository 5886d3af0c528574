// How many calls are placed in a second, beside a bare `pg` client that writes the same rows.
import { randomBytes, randomUUID } from 'node:crypto';
import pg from 'pg';
import { systemClock } from '../../src/base/clock.ts';
import type { CallId, DeviceId, InstallationId, RoomName, UserId } from '../../src/base/ids.ts';
import { createCalls } from '../../src/calls/apply-event.ts';
import type { CallRules } from '../../src/calls/call.ts';
import type { Target } from '../../src/ringing/device.ts';
import { createPostgresStore } from '../../src/storage/postgres/store.ts';
import { RULES, SILENT } from './history.ts';
import { expectStatus, type Phone, send } from './phones.ts';

const AT_ONCE = 16;

/** Runs `one` by so many at once for `seconds`; answers how often in a second. */
async function perSecond(seconds: number, one: (n: number) => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  let count = 0;
  const worker = async () => {
    while (performance.now() - startedAt < seconds * 1000) {
      count += 1;
      await one(count);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return (count * 1000) / (performance.now() - startedAt);
}

/** Over HTTP, each caller a new one: nobody has two calls at once. */
export const placesOfOurs = (url: string, callers: readonly Phone[], seconds: number) =>
  perSecond(seconds, async (n) => {
    const caller = callers[n - 1];
    if (caller === undefined) throw new Error('not enough callers for so many calls');
    const body = { callees: [`callee-of-${caller.uid}`], kind: 'audio', deviceId: 'bench' };
    await expectStatus(send(url, caller, { method: 'POST', path: '', body }), 201);
  });

export interface Door extends Bare {
  /** One call by somebody new. */
  place(callees: readonly string[]): Promise<void>;
  /** One phone of his, of the platform that such values are of. */
  register(uid: string, targets: readonly Target[]): Promise<void>;
}

/** At the event door, as little between it and the load as with the bare client. */
export async function openDoor(url: string, rules: CallRules = RULES): Promise<Door> {
  const store = createPostgresStore({ source: url, clock: systemClock, log: SILENT });
  await store.open();
  const calls = createCalls({ store, rules, askRoom: async () => undefined, log: SILENT });
  const place = async (callees: readonly string[]) => {
    const id = randomUUID();
    const applied = await calls.apply({
      type: 'place',
      callId: id as CallId,
      caller: `caller-${id}` as UserId,
      device: 'bench' as DeviceId,
      callees: callees.map((uid) => ({ uid: uid as UserId, isHidden: false })),
      kind: 'audio',
      room: `call_${randomBytes(16).toString('base64url')}` as RoomName,
      requestHash: 'hash',
    });
    if ('refused' in applied) throw new Error(applied.refused);
  };
  return {
    place,
    register(uid, targets) {
      const platform = targets.some(({ kind }) => kind === 'fcm_token') ? 'android' : 'ios';
      return store.putDevice({
        uid: uid as UserId,
        installation: platform as InstallationId,
        platform,
        targets,
      });
    },
    places: (seconds) => perSecond(seconds, () => place([`callee-${randomUUID()}`])),
    close: () => store.close(),
  };
}

export interface Bare {
  places(seconds: number): Promise<number>;
  close(): Promise<void>;
}

/** One transaction, a statement a table, nothing looked at: what the rows alone cost. */
export function createBare(url: string, { pushes }: { pushes: boolean }): Bare {
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  const placeOne = async () => {
    const client = await pool.connect();
    try {
      await writeOne(client, pushes);
    } finally {
      client.release();
    }
  };
  return {
    places: (seconds) => perSecond(seconds, placeOne),
    close: () => pool.end(),
  };
}

async function writeOne(client: pg.PoolClient, pushes: boolean): Promise<void> {
  const id = randomUUID();
  const room = `call_${randomBytes(16).toString('base64url')}`;
  const [caller, callee] = [`caller-${id}`, `callee-${id}`];
  const now = Date.now();
  const write = (name: string, text: string, values: unknown[]) =>
    client.query({ name, text, values });
  await client.query('begin');
  await write(
    'people',
    `insert into switchboard.people (uid, epoch, version, name) values ($1, $3, 1, 'Caller'), ($2, $4, 1, null)`,
    [caller, callee, randomUUID(), randomUUID()],
  );
  await write(
    'calls',
    `insert into switchboard.calls (id, room, caller, kind, request_hash, is_group, state, created_at, heard)
     values ($1, $2, $3, 'audio', 'hash', false, 'ringing', $4, 'nothing')`,
    [id, room, caller, now],
  );
  await write(
    'seats',
    `insert into switchboard.seats (uid, call_id, device, since) values ($1, $2, 'bench', $3)`,
    [caller, id, now],
  );
  await write(
    'parties',
    `insert into switchboard.parties
       (call_id, uid, position, role, state, is_hidden, device, seated_at, ring_ends_at, created_at, version, cause, is_live)
     values ($1, $2, 0, 'caller', 'joining', false, 'bench', $4, null, $4, 1, 'ringing', true),
            ($1, $3, 1, 'callee', 'ringing', false, null, null, $5, $4, 1, 'ringing', true)`,
    [id, caller, callee, now, now + 45_000],
  );
  await write(
    'timers',
    `insert into switchboard.timers (call_id, key, due_at) values ($1, $2, $3), ($1, 'watch', $4)`,
    // Far away, so that nobody has to end what nobody placed.
    [id, `ring:${callee}`, now + 86_400_000, now + 86_400_000],
  );
  await write(
    'effects',
    `insert into switchboard.effects (id, call_id, type, run_at, tries) values ($1, $2, 'create_room', $3, 0)`,
    [randomUUID(), id, now + 86_400_000],
  );
  if (pushes) {
    await write(
      'push_effects',
      `insert into switchboard.push_effects (id, call_id, type, uid, run_at, tries) values ($1, $2, 'ring', $3, $4, 0)`,
      [randomUUID(), id, callee, now + 86_400_000],
    );
  }
  await client.query('commit');
}
