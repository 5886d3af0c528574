// What a place, a page of history and a look at a feed cost with much behind them, on both engines.
import { randomBytes, randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { systemClock } from '../../src/base/clock.ts';
import type { CallId, DeviceId, RoomName, UserId } from '../../src/base/ids.ts';
import type { Logger } from '../../src/base/log.ts';
import { createCalls } from '../../src/calls/apply-event.ts';
import type { CallStore } from '../../src/calls/store.ts';
import { createPostgresStore } from '../../src/storage/postgres/store.ts';
import { createSqliteStore } from '../../src/storage/sqlite/store.ts';
import { median } from '../bars.ts';

const silent = () => {};
export const SILENT: Logger = { debug: silent, info: silent, warn: silent, error: silent };
export const RULES = {
  ringMs: 45_000,
  answerGraceMs: 10_000,
  reconnectGraceMs: 20_000,
  aloneMs: 60_000,
  maxCallMs: 14_400_000,
  maxParticipants: 32,
};
/** A busy person has so large a part of all calls. */
const PEOPLE = 100;
const REPEATS = 60;

export type Costs = Readonly<Record<'place' | 'history' | 'feed', number>>;

export interface Engine {
  readonly name: string;
  open(): CallStore;
  run(sql: string): Promise<void>;
}

export function postgres(url: string): Engine {
  return {
    name: 'Postgres',
    open: () => createPostgresStore({ source: url, clock: systemClock, log: SILENT }),
    async run(sql) {
      const client = new pg.Client(url);
      await client.connect();
      await client.query(sql);
      await client.end();
    },
  };
}

export function sqlite(path: string): Engine {
  return {
    name: 'SQLite',
    open: () => createSqliteStore({ path, clock: systemClock, log: SILENT }),
    async run(sql) {
      const database = new DatabaseSync(path);
      database.exec(sql);
      database.close();
    },
  };
}

/** So many calls, all of them over, among {@link PEOPLE}. */
export const pastCalls = (engine: Engine, count: number): Promise<void> => {
  const isPostgres = engine.name === 'Postgres';
  const schema = isPostgres ? 'switchboard.' : '';
  const no = isPostgres ? 'false' : '0';
  const numbers = isPostgres
    ? `(select n from generate_series(0, ${count - 1}) as n) as numbers`
    : `(with recursive up(n) as (values (0) union all select n + 1 from up where n < ${count - 1}) select n from up) as numbers`;
  const startAt = Date.now() - 80 * 86_400_000;
  const person = (offset: number) => `'past-' || ((n + ${offset}) % ${PEOPLE})`;
  const party = (position: number, role: string) => `
    insert into ${schema}parties (call_id, uid, position, role, state, is_hidden, created_at, version, cause, context, is_live)
    select 'past-call-' || n, ${person(position)}, ${position}, '${role}', 'left', ${no}, ${startAt} + n, n, 'ended', 'chat-' || (n % 1000), ${no} from ${numbers};`;
  return engine.run(`
    insert into ${schema}people (uid, epoch, version) select ${person(0)}, 'epoch', ${count} from ${numbers} where n < ${PEOPLE};
    insert into ${schema}calls (id, room, caller, kind, context, request_hash, is_group, state, outcome, reason, created_at, ended_at, heard)
    select 'past-call-' || n, 'call_past' || n, ${person(0)}, 'audio', 'chat-' || (n % 1000), 'hash', ${no}, 'ended', 'answered', 'hangup', ${startAt} + n, ${startAt} + n + 1, 'webhook' from ${numbers};
    ${party(0, 'caller')}
    ${party(1, 'callee')}
  `);
};

/** What a database does in the background after so many rows is done before anything is measured. */
export async function settle(engine: Engine): Promise<void> {
  const steps = engine.name === 'Postgres' ? ['vacuum analyze', 'checkpoint'] : ['analyze'];
  for (const step of steps) await engine.run(step);
}

export interface Measured {
  /** Milliseconds each, the median of many. */
  costs(): Promise<Costs>;
  close(): Promise<void>;
}

/** `count` calls are behind it. */
export async function measured(engine: Engine, count: number): Promise<Measured> {
  const store = engine.open();
  await store.open();
  const calls = createCalls({ store, rules: RULES, askRoom: async () => undefined, log: SILENT });
  const busy = 'past-7' as UserId;
  let placed = 0;
  const place = async () => {
    placed += 1;
    await calls.apply({
      type: 'place',
      callId: randomUUID() as CallId,
      caller: `caller-${randomUUID()}` as UserId,
      device: 'bench' as DeviceId,
      // Not always the same: his rings of the last minutes are counted at each.
      callees: [{ uid: `past-${placed % PEOPLE}` as UserId, isHidden: false }],
      kind: 'audio',
      room: `call_${randomBytes(16).toString('base64url')}` as RoomName,
      requestHash: 'hash',
    });
  };
  return {
    costs: async () => ({
      place: await timed(place),
      history: await timed(async () => void (await store.history(busy, { limit: 30 }))),
      feed: await timed(
        async () => void (await store.feed(busy, { epoch: 'epoch', version: count }, 50)),
      ),
    }),
    close: () => store.close(),
  };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const took: number[] = [];
  for (let n = 0; n < REPEATS; n += 1) {
    const from = performance.now();
    await work();
    took.push(performance.now() - from);
  }
  return median(took);
}
