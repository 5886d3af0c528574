// What goes wrong with Postgres, and what is told of it.
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  onTestFinished,
} from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { CallId } from '../../src/base/ids.ts';
import type { Call } from '../../src/calls/call.ts';
import type { Effect } from '../../src/calls/event.ts';
import { type CallStore, type LeasedEffect, StoreUnavailable } from '../../src/calls/store.ts';
import type { PgPool } from '../../src/storage/postgres/pool.ts';
import { createPostgresStore } from '../../src/storage/postgres/store.ts';
import { PLANNING } from '../../src/storage/postgres/transaction.ts';
import { POSTGRES } from '../../src/storage/sql/dialect.ts';
import { migrationSql, migrationStatements, SCHEMA_VERSION } from '../../src/storage/sql/schema.ts';
import type { Store } from '../../src/storage/store.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createFakeLog } from '../fakes/log.ts';
import { createPool } from '../storage/pool.ts';
import { end, newCallId, place, ringOf, shape, told, user } from '../storage/scenes.ts';
import { OLD_CALL, OLD_CALL_READ, OLD_PLACE, SCHEMA_1 } from '../storage/schema-1.ts';
import { INDEXES, statementsOf } from '../storage/statements.ts';
import { type Postgres, startPostgres } from './postgres.ts';
import { until } from './until.ts';
import { startWire } from './wire.ts';

let postgres: Postgres;
let url: string;
let databases = 0;
let admin: pg.Client;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.close());

const connected = async (to = url) => {
  const client = new pg.Client({ connectionString: to });
  client.on('error', () => {});
  await client.connect();
  return client;
};

beforeEach(async () => {
  databases += 1;
  url = await postgres.database(`faults_${databases}`);
  admin = await connected();
});
afterEach(async () => {
  await admin.end().catch(() => {});
});

function createStore({
  source = url,
  clock = systemClock,
}: {
  source?: string | PgPool;
  clock?: typeof systemClock;
} = {}) {
  const log = createFakeLog();
  const store = createPostgresStore({ source, clock, log });
  onTestFinished(() => store.close());
  return { store, log };
}

async function openStore(parts?: Parameters<typeof createStore>[0]) {
  const { store, log } = createStore(parts);
  await store.open();
  return { store, log };
}

const unavailable = (asked: Promise<unknown>) =>
  expect(asked).rejects.toBeInstanceOf(StoreUnavailable);

const worksAgain = (store: CallStore) =>
  until('the store works again', async () => {
    if (store.fault() !== undefined) return false;
    return store.live(user('alice')).then(
      () => true,
      () => false,
    );
  });

describe('a call that somebody holds', () => {
  type Ask = (call: Call, uid: string) => Promise<unknown>;
  const withEvents =
    (settle: (store: Store, event: LeasedEffect) => Promise<void>) =>
    async (store: Store): Promise<Ask> => {
      const leased = await store.leaseEffects('host', 10, 60_000);
      return (call) =>
        settle(store, leased.find(({ callId }) => callId === call.id) as LeasedEffect);
    };
  it.each<[string, (store: Store) => Promise<Ask>]>([
    ['rings', async (store) => (call, uid) => store.takeRing(ringOf(call, uid))],
    ['events that a host was told', withEvents((store, event) => store.effectDone('host', event))],
    ['events that were given up', withEvents((store, event) => store.hostEventGivenUp(event))],
  ])('keeps the %s of no other call waiting', async (_what, asking) => {
    const { store } = await openStore();
    const held = (await place(store, { effects: [told(1)] })) as Call;
    const others = { caller: 'carol', callees: ['dave'], effects: [told(1)] };
    const other = (await place(store, others)) as Call;
    const ask = await asking(store);
    await admin.query('begin');
    await admin.query('select id from switchboard.calls where id = $1 for update', [held.id]);
    let isOver = false;
    const waiting = ask(held, 'bob').finally(() => {
      isOver = true;
    });
    await until('it waits for the call', async () => {
      const { rows } = await admin.query('select 1 from pg_locks where not granted');
      return rows.length > 0;
    });
    await ask(other, 'dave');
    expect(isOver).toBe(false);
    await admin.query('rollback');
    await waiting;
  });
});

it('a call that somebody holds keeps the events of others neither from being sent again nor done', async () => {
  const { store } = await openStore();
  const effects = [told(1), told(2)];
  const held = (await place(store, { effects })) as Call;
  const other = (await place(store, { caller: 'carol', callees: ['dave'], effects })) as Call;
  for (const event of await store.leaseEffects('host', 10, 60_000)) {
    await store.hostEventGivenUp(event);
  }
  await admin.query('begin');
  await admin.query('select id from switchboard.calls where id = $1 for update', [held.id]);
  const again = store.redeliverHostEvents();
  let first: LeasedEffect | undefined;
  await until('the other’s are sent again', async () => {
    const leased = await store.leaseEffects('host', 10, 60_000);
    first = leased.find(({ callId, effect }) => callId === other.id && isFirst(effect)) ?? first;
    return first !== undefined;
  });
  await store.effectDone('host', first as LeasedEffect);
  await admin.query('rollback');
  expect(await again).toBe(2);
});

const isFirst = (effect: Effect) => effect.type === 'host_event' && effect.event.sequence === 1;

it('a person whom somebody holds keeps nobody else from being heard, or from calls', async () => {
  const { store } = await openStore();
  await place(store);
  const other = (await place(store, { caller: 'carol', callees: ['dave'] })) as Call;
  const heard = async () => {
    const { rows } = await admin.query(
      'select uid from switchboard.people where heard_at is not null order by uid',
    );
    return rows.map(({ uid }) => uid);
  };
  await admin.query('begin');
  await admin.query("select uid from switchboard.people where uid = 'bob' for update");
  const telling = store.listening(['alice', 'bob', 'carol', 'dave'].map(user));
  await until('the others are heard', async () => (await heard()).length === 3);
  expect(await heard()).toEqual(['alice', 'carol', 'dave']);
  expect(await end(store, other.id)).toMatchObject({ state: 'ended' });
  await admin.query('rollback');
  await telling;
  expect(await heard()).toEqual(['alice', 'bob', 'carol', 'dave']);
});

const toldOf = ({ lines }: ReturnType<typeof createFakeLog>) =>
  lines.map(({ message }) => message).filter((message) => message.startsWith('Postgres can'));

const databaseName = () => new URL(url).pathname.slice(1);

describe('Postgres away', () => {
  it('at the start ends nothing: it is told, and asked again until it is there', async () => {
    await admin.end();
    await postgres.stop();
    const { store, log } = await openStore();
    expect(store.fault()).toMatch(/^Postgres cannot be asked: .*connection refused.*\. Fix: /);
    await unavailable(place(store));
    const woken: string[] = [];
    store.onDue('deadlines', () => woken.push('due'));
    store.onChangeFor(user('bob'), () => woken.push('bob'));
    await postgres.start();
    await until('it is there', () => store.fault() === undefined);
    expect(woken).toEqual(expect.arrayContaining(['due', 'bob']));
    expect(await place(store)).toBeDefined();
    expect(toldOf(log)).toEqual(['Postgres cannot be asked', 'Postgres can be asked again']);
  });

  it('in the middle loses nothing, and is there again by itself', async () => {
    const { store } = await openStore();
    const call = (await place(store)) as Call;
    await admin.end();
    await postgres.stop();
    await unavailable(store.call(call.id));
    await unavailable(end(store, call.id));
    expect(store.fault()).toMatch(/^Postgres cannot be asked/);
    await postgres.start();
    await worksAgain(store);
    expect((await store.call(call.id)).call).toEqual(call);
    expect(await end(store, call.id)).toMatchObject({ state: 'ended' });
  });

  it('on a wire that has gone silent is told in time', async () => {
    const wire = await startWire(postgres.port);
    onTestFinished(() => wire.close());
    const clock = createFakeClock();
    const over = url.replace(String(postgres.port), String(wire.port));
    const { store } = await openStore({ source: over, clock });
    const call = (await place(store)) as Call;
    // Some more connections, each of which may be the next that is tried.
    await Promise.all(['alice', 'bob', 'carol'].map((uid) => store.live(user(uid))));
    wire.silence();
    const asked = store.call(call.id).catch((error: unknown) => error);
    const began = clock.monotonic();
    let answer: unknown;
    void asked.then((error) => {
      answer = error;
    });
    await until('it is given up', async () => {
      clock.advance(500);
      return answer !== undefined;
    });
    expect(answer).toBeInstanceOf(StoreUnavailable);
    expect(clock.monotonic() - began).toBeLessThan(20_000);
    wire.speak();
    await until('it works again', async () => {
      clock.advance(500);
      return store.fault() === undefined;
    });
    expect((await store.call(call.id)).call).toEqual(call);
    const isSpeaking = async () => {
      clock.advance(500);
      return wire.silent() === 0;
    };
    await until('the silent ones are cut off', isSpeaking);
  });

  it('for writing alone is told once, until it can be written again', async () => {
    const clock = createFakeClock();
    const { store, log } = await openStore({ clock });
    const call = (await place(store)) as Call;
    // Of a host who has copies of all his tables elsewhere.
    await admin.query('create publication everything for all tables');
    // As one that stands by: it was the first, and the address leads to it still.
    const readOnly = async (isOn: boolean) => {
      await admin.query(
        `alter database ${databaseName()} set default_transaction_read_only = ${isOn}`,
      );
      await admin.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
      );
      await delay(100);
    };
    await readOnly(true);
    await unavailable(end(store, call.id));
    for (let times = 0; times < 20; times += 1) {
      expect((await store.call(call.id)).call).toEqual(call);
      clock.advance(500);
    }
    await delay(100);
    expect(store.fault()).toMatch(/^Postgres cannot be asked: .*read-only/);
    expect(toldOf(log)).toEqual(['Postgres cannot be asked']);
    await readOnly(false);
    await until('it can be written', () => {
      clock.advance(500);
      return store.fault() === undefined;
    });
    expect(await end(store, call.id)).toMatchObject({ state: 'ended' });
  });

  it('behind one whose every connection was ended is not even noticed', async () => {
    const { store } = await openStore();
    const call = (await place(store)) as Call;
    await admin.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    await delay(100);
    expect((await store.call(call.id)).call).toEqual(call);
    expect(store.fault()).toBeUndefined();
  });
});

describe('a pool of a host', () => {
  const openPool = (more: pg.PoolConfig) => {
    const pool = createPool({ connectionString: url, ...more });
    onTestFinished(() => pool.end());
    return pool;
  };

  it('that is exhausted is unavailable, and works when somebody gives one back', async () => {
    const pool = openPool({ max: 2 });
    const { store } = await openStore({ source: pool });
    // One listens, and this was the other.
    const taken = await pool.connect();
    await unavailable(place(store));
    taken.release();
    await worksAgain(store);
    expect(await place(store)).toBeDefined();
    expect(pool.totalCount).toBeLessThanOrEqual(2);
  });

  it('of one connection is not kept to listen on: it asks, and looks by itself', async () => {
    const clock = createFakeClock();
    const { store, log } = await openStore({ source: openPool({ max: 1 }), clock });
    const woken: string[] = [];
    for (const uid of ['bob', 'eve']) store.onChangeFor(user(uid), () => woken.push(uid));
    expect(await place(store, { caller: 'c', callees: ['d'] })).toBeDefined();
    await until('it is told', async () => {
      clock.advance(1_000);
      return log.lines.some(({ message }) => message.includes('are not heard'));
    });
    clock.advance(5_000);
    // At first nobody knows what they have seen.
    await until('all are woken', () => woken.length === 2);
    const { store: other } = await openStore();
    await place(other, { callees: ['bob'] });
    clock.advance(5_000);
    await until('he is woken for whom something has changed', () => woken.length > 2);
    expect(woken).toEqual(['bob', 'eve', 'bob']);
    expect(store.fault()).toBeUndefined();
  });

  it('that reads answers in its own way is understood', async () => {
    const types = { getTypeParser: () => () => 'nonsense' };
    const pool = openPool({ types });
    const { store } = await openStore({ source: pool });
    const call = (await place(store)) as Call;
    expect((await store.call(call.id)).call).toEqual(call);
    expect(await end(store, call.id)).toMatchObject({ state: 'ended' });
  });

  it('that asks for binary answers is refused, with the fix: pg reads numbers wrongly from them', async () => {
    const pool = openPool({ binary: true } as pg.PoolConfig);
    const { store } = createStore({ source: pool });
    await expect(store.open()).rejects.toThrow(/Fix: give a pool without `binary: true`/);
    expect(pool.totalCount).toBe(pool.idleCount);
  });

  it('is not ended with the store, and has its connection back', async () => {
    const pool = openPool({ max: 10 });
    const { store } = await openStore({ source: pool });
    await place(store);
    await store.close();
    await until('nothing is lent any more', () => pool.totalCount === pool.idleCount);
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  it('behind which statements are forgotten is used without prepared ones', async () => {
    const pool = openPool({ max: 2 });
    const { store, log } = await openStore({ source: pool });
    await place(store);
    await pool.query('deallocate all');
    expect(await place(store, { caller: 'c', callees: ['d'] })).toBeDefined();
    expect(log.lines.map(({ message }) => message)).toContain(
      'Postgres is reached through a pooler: statements are not prepared',
    );
  });
});

describe('a commit', () => {
  it('whose answer is lost keeps nobody asleep', async () => {
    const wire = await startWire(postgres.port);
    onTestFinished(() => wire.close());
    const clock = createFakeClock();
    const over = url.replace(String(postgres.port), String(wire.port));
    const { store } = await openStore({ source: over, clock });
    const call = (await place(store)) as Call;
    let woken = 0;
    store.onChangeFor(user('bob'), () => {
      woken += 1;
    });
    wire.loseAnswerTo(/commit\0/);
    const ending = unavailable(end(store, call.id));
    await until('it is sent', () => wire.silent() > 0);
    for (const ms of [8_000, 1_000]) {
      clock.advance(ms);
      await delay(10);
    }
    await ending;
    woken = 0;
    expect((await store.call(call.id)).call).toMatchObject({ state: 'ended' });
    await until('he is woken', () => {
      clock.advance(500);
      return woken > 0;
    });
  });

  it('that a full queue of notifications refuses is unavailable, and nothing of it is kept', async () => {
    const { store } = await openStore();
    const call = (await place(store)) as Call;
    // Postgres itself says so at the same moment.
    await admin.query(`create function full_queue() returns trigger language plpgsql as $$ begin
      raise exception 'too many notifications in the NOTIFY queue' using errcode = '54000';
    end $$;
    create constraint trigger full_queue after update on switchboard.calls
      deferrable initially deferred for each row execute function full_queue()`);
    await unavailable(end(store, call.id));
    await admin.query('drop function full_queue cascade');
    expect((await store.call(call.id)).call).toEqual(call);
    expect(await end(store, call.id)).toMatchObject({ state: 'ended' });
  });
});

describe('locks of somebody else', () => {
  it('that end in a deadlock are tried again, and nobody hears of it', async () => {
    const { store } = await openStore();
    const call = (await place(store)) as Call;
    // So that it is the store's transaction that is found out.
    await admin.query("set deadlock_timeout = '1h'");
    await admin.query('begin');
    await admin.query("select 1 from switchboard.people where uid = 'bob' for update");
    const ending = end(store, call.id);
    await until('it waits for us', isWaiting);
    const crossed = admin.query('select 1 from switchboard.calls where id = $1 for update', [
      call.id,
    ]);
    await crossed;
    await admin.query('commit');
    expect(shape(await ending)).toMatchObject({ state: 'ended', versions: { alice: 2, bob: 2 } });
  });

  it.each([
    ['a deadlock', '40P01'],
    ['a failed serialization', '40001'],
  ])('that Postgres says are %s are tried again, and nobody hears of it', async (_what, state) => {
    const { store } = await openStore();
    const call = (await place(store)) as Call;
    // A sequence goes on where a transaction is rolled back.
    await admin.query(`create sequence tries; create function refuse() returns trigger
      language plpgsql as $$ begin
        if nextval('tries') < 4 then raise exception 'not now' using errcode = '${state}'; end if;
        return null;
      end $$;
      create constraint trigger refuse after update on switchboard.calls
        deferrable initially deferred for each row execute function refuse()`);
    expect(await end(store, call.id)).toMatchObject({ state: 'ended' });
    expect(store.fault()).toBeUndefined();
    const { rows } = await admin.query('select last_value from tries');
    expect(rows).toEqual([{ last_value: '4' }]);
  });

  it('that are waited for count: the time of a change is that after them', async () => {
    const { store } = await openStore();
    const call = (await place(store)) as Call;
    await admin.query('begin');
    await admin.query('select 1 from switchboard.calls where id = $1 for update', [call.id]);
    const ending = end(store, call.id);
    await until('it waits for us', isWaiting);
    const { rows } = await admin.query(
      'select floor(extract(epoch from clock_timestamp()) * 1000) as now',
    );
    await admin.query('rollback');
    expect((await ending).endedAt).toBeGreaterThanOrEqual(Number(rows[0].now));
  });

  it('that never end are unavailable after the time of a statement', async () => {
    const { store } = await openStore();
    const call = (await place(store)) as Call;
    await admin.query('begin');
    await admin.query('select 1 from switchboard.calls where id = $1 for update', [call.id]);
    await unavailable(end(store, call.id));
    expect(store.fault()).toBeUndefined();
    await admin.query('rollback');
    expect(await end(store, call.id)).toMatchObject({ state: 'ended' });
  });

  it.each([
    ['our own pool', () => url],
    ['a host’s pool', () => createPool({ connectionString: url })],
  ])('over which %s gives up leave nothing behind that is written later', async (_what, from) => {
    const clock = createFakeClock();
    const source = from();
    if (typeof source !== 'string') onTestFinished(() => source.end());
    const { store } = await openStore({ source, clock });
    const call = (await place(store)) as Call;
    await admin.query('begin');
    await admin.query('select 1 from switchboard.calls where id = $1 for update', [call.id]);
    const ending = unavailable(end(store, call.id));
    await until('it waits for us', isWaiting);
    // It is given up, and its look is answered all the same before it is rolled back.
    clock.advance(8_000);
    await admin.query('commit');
    await ending;
    await place(store, { caller: 'c', callees: ['d'] });
    expect((await store.call(call.id)).call).toEqual(call);
  });

  const isWaiting = async () => {
    const { rows } = await (await monitor()).query(
      "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    return rows.length > 0;
  };
  let watcher: pg.Client | undefined;
  const monitor = async () => {
    watcher ??= await connected();
    return watcher;
  };
  afterEach(async () => {
    await watcher?.end();
    watcher = undefined;
  });
});

describe('LISTEN', () => {
  it('is proved no more by who only finds that there is nothing to write', async () => {
    const clock = createFakeClock();
    const { store } = await openStore({ clock });
    const timers = clock.waiting();
    expect(await store.forget(86_400_000, 100)).toBe(0);
    expect(await store.due(10)).toEqual([]);
    expect(clock.waiting()).toEqual(timers);
    await place(store);
    await until('its echo is waited for again', () => clock.waiting().includes(10_000));
  });

  it('that is ended is begun again, and who waits looks at once', async () => {
    const { store: one } = await openStore();
    const { store: other, log } = await openStore();
    let woken = 0;
    other.onChangeFor(user('bob'), () => {
      woken += 1;
    });
    await admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query = 'listen switchboard'",
    );
    await until('it is heard again', () =>
      log.lines.some(({ message }) => message === 'changes of other instances are heard again'),
    );
    expect(woken).toBeGreaterThan(0);
    const before = woken;
    await place(one);
    await until('he is woken', () => woken > before);
    expect(other.fault()).toBeUndefined();
  });

  it('that has gone silent is noticed, and who waits looks meanwhile', async () => {
    const wire = await startWire(postgres.port);
    onTestFinished(() => wire.close());
    const clock = createFakeClock();
    const over = url.replace(String(postgres.port), String(wire.port));
    const { store, log } = await openStore({ source: over, clock });
    let woken = 0;
    store.onChangeFor(user('bob'), () => {
      woken += 1;
    });
    const said = (part: string) => log.lines.filter(({ message }) => message.includes(part)).length;
    wire.silence(/listen switchboard/);
    await until('it is noticed', async () => {
      clock.advance(500);
      return said('are not heard') > 0;
    });
    await until('it hears again', async () => {
      clock.advance(250);
      return said('are heard again') > 0;
    });
    expect(said('are not heard')).toBe(1);
    const before = woken;
    expect(before).toBeGreaterThan(0);
    const { store: one } = await openStore();
    await place(one);
    await until('he is woken', () => woken > before);
  });
});

describe('LISTEN after a silence', () => {
  it('is proved at once, when somebody waits again', async () => {
    const wire = await startWire(postgres.port);
    onTestFinished(() => wire.close());
    const clock = createFakeClock();
    const over = url.replace(String(postgres.port), String(wire.port));
    const { store, log } = await openStore({ source: over, clock });
    // What lies between has forgotten it meanwhile.
    wire.silence(/listen switchboard/);
    clock.advance(600_000);
    const waitsSince = clock.monotonic();
    store.onChangeFor(user('bob'), () => {});
    await until('it is noticed', async () => {
      clock.advance(250);
      return log.lines.some(({ message }) => message.includes('are not heard'));
    });
    expect(clock.monotonic() - waitsSince).toBeLessThan(5_000);
  });
});

it('a store that is closed leaves no connection behind, that to listen on neither', async () => {
  const { store } = await openStore();
  await Promise.all(
    Array.from({ length: 12 }, (_, n) => place(store, { caller: `a${n}`, callees: [`b${n}`] })),
  );
  const connections = async () => {
    const { rows } = await admin.query(
      'select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    return rows.length;
  };
  // Ten, and one to listen on.
  expect(await connections()).toBe(11);
  await store.close();
  await until('all are gone', async () => (await connections()) === 0);
});

it('an idle store has nothing to ask: its ear is proved for as long as calls go on, and no longer', async () => {
  const clock = createFakeClock();
  const { store } = await openStore({ clock });
  const stop = store.onChangeFor(user('bob'), () => {});
  await end(store, ((await place(store)) as Call).id);
  stop();
  const began = clock.monotonic();
  const isHeard = () => ['[10000]', '[]'].includes(JSON.stringify(clock.waiting()));
  await until('its echo is heard', isHeard);
  while (clock.waiting().length > 0) {
    clock.advance(10_000);
    await until('its echo is heard', isHeard);
  }
  expect(clock.monotonic() - began).toBeGreaterThan(120_000);
  expect(clock.monotonic() - began).toBeLessThan(180_000);
});

describe('the schema', () => {
  it('is made once, however many start at the same time', async () => {
    const stores = await Promise.all(Array.from({ length: 5 }, () => openStore()));
    expect(stores.map(({ store }) => store.fault())).toEqual(Array(5).fill(undefined));
    const { rows } = await admin.query(
      'select version, readable_from from switchboard.schema_version',
    );
    expect(rows).toEqual([{ version: String(SCHEMA_VERSION), readable_from: '1' }]);
  });

  it('of version 1 is brought up with its calls, and code for it still works on what it has become', async () => {
    for (const text of SCHEMA_1.postgres.tables) await admin.query(text);
    const first = migrationStatements(POSTGRES, 0).slice(0, SCHEMA_1.postgres.tables.length);
    expect(first).toEqual(SCHEMA_1.postgres.tables);
    const { store } = await openStore();
    const { rows } = await admin.query('select version from switchboard.schema_version');
    expect(rows).toEqual([{ version: String(SCHEMA_VERSION) }]);
    for (const [name, text] of Object.entries(SCHEMA_1.postgres.statements)) {
      await admin.query(`prepare old_${name} as ${text}`);
    }
    for (const [statement, list] of OLD_PLACE) {
      await admin.query(SCHEMA_1.postgres.statements[statement] as string, [JSON.stringify(list)]);
    }
    const id = OLD_CALL.id as CallId;
    expect((await store.call(id)).call).toMatchObject(OLD_CALL_READ);
    expect(await end(store, id)).toMatchObject({ state: 'ended' });
  });

  it('of a newer version is refused where that says so, and worked on where that allows it', async () => {
    await openStore();
    await admin.query('update switchboard.schema_version set version = 99, readable_from = 98');
    await expect(createStore().store.open()).rejects.toThrow(/schema 99, made by a newer/);
    await admin.query('update switchboard.schema_version set readable_from = 1');
    expect(await place((await openStore()).store)).toBeDefined();
  });

  it('that a newer version brings further while we run is written to no more, until it is back', async () => {
    const clock = createFakeClock();
    const { store, log } = await openStore({ clock });
    await place(store);
    await until('its echo was heard', () => clock.waiting().includes(10_000));
    await admin.query('update switchboard.schema_version set version = 99, readable_from = 98');
    await until('it is told', () => {
      clock.advance(1_000);
      return store.fault()?.includes('schema 99, made by a newer') === true;
    });
    await unavailable(place(store, { caller: 'c', callees: ['d'] }));
    expect(toldOf(log)).toEqual(['Postgres cannot be asked']);
    await admin.query('update switchboard.schema_version set version = 99, readable_from = 1');
    await until('it is worked on', () => {
      clock.advance(500);
      return store.fault() === undefined;
    });
    expect(await place(store, { caller: 'c', callees: ['d'] })).toBeDefined();
  });

  it('that a newer version brings further as an outage ends shuts nobody out once it is back', async () => {
    const clock = createFakeClock();
    const { store } = await openStore({ clock });
    const call = (await place(store)) as Call;
    await until('its echo was heard', () => clock.waiting().includes(10_000));
    clock.advance(9_000);
    await admin.query(`create function wait() returns trigger language plpgsql as
        $$ begin perform pg_sleep(1); return new; end $$;
      create trigger wait before insert on switchboard.people for each row when (new.uid = '')
        execute function wait();
      alter table switchboard.calls rename column heard to listened`);
    await unavailable(end(store, call.id));
    await admin.query('alter table switchboard.calls rename column listened to heard');
    clock.advance(500);
    await until('the end is being proved', async () => {
      const { rows } = await admin.query(
        "select 1 from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()",
      );
      return rows.length > 0;
    });
    await admin.query('update switchboard.schema_version set version = 99, readable_from = 98');
    clock.advance(500);
    await until('it is told', () => store.fault()?.includes('schema 99') === true);
    await admin.query('update switchboard.schema_version set readable_from = 1');
    await until('it is over', () => store.fault() === undefined);
    expect(await end(store, call.id)).toMatchObject({ state: 'ended' });
  });

  it('that goes while we run is told, and left to whoever brings it back', async () => {
    const { store } = await openStore();
    await place(store);
    await admin.query('drop schema switchboard cascade');
    await unavailable(place(store));
    await until(
      'it is told',
      () => store.fault()?.includes('tables of livekit-switchboard') === true,
    );
    const { rows } = await admin.query("select 1 from pg_namespace where nspname = 'switchboard'");
    expect(rows).toEqual([]);
    await admin.query(migrationSql('postgres'));
    await worksAgain(store);
    expect(await place(store)).toBeDefined();
  });

  it('that has not a column any more is no bug of ours, and is told', async () => {
    const { store } = await openStore();
    const call = (await place(store)) as Call;
    await admin.query(`alter table switchboard.calls rename column heard to listened;
      update switchboard.schema_version set version = 99, readable_from = 98`);
    await unavailable(end(store, call.id));
    await until('it is told', () => store.fault()?.includes('schema 99') === true);
  });

  it('that the user may not make is told, with what to do; made by another it is enough', async () => {
    await admin.query('drop role if exists guest');
    await admin.query('create role guest login');
    const guest = url.replace('postgres://postgres@', 'postgres://guest@');
    await expect(createStore({ source: guest }).store.open()).rejects.toThrow(
      /Run `livekit-switchboard migrate`/,
    );
    await admin.query(migrationSql('postgres'));
    await admin.query(
      'grant usage on schema switchboard to guest; grant select, insert, update, delete on all tables in schema switchboard to guest',
    );
    expect(await place((await openStore({ source: guest })).store)).toBeDefined();
  });

  it('is refused in an encoding that has not every letter, with the fix', async () => {
    await admin.query(
      "create database latin encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' template template0",
    );
    const { store } = createStore({ source: url.replace(/[^/]+$/, 'latin') });
    await expect(store.open()).rejects.toThrow(/encoding LATIN1.*createdb -E UTF8/);
  });

  it('is asked of an address that can be read, and the password is told to nobody', async () => {
    const { store } = createStore({ source: 'postgres://user:pass word#1@host:port/db' });
    const error = await store.open().catch((thrown: Error) => thrown);
    expect(String(error)).toMatch(/DATABASE_URL cannot be read/);
    expect(String(error)).not.toContain('word#1');
  });
});

it('the people of many calls are forgotten a few at a time: a database has only so many locks', async () => {
  const small = await startPostgres({ max_locks_per_transaction: '10', max_connections: '20' });
  onTestFinished(() => small.close());
  const source = await small.database('small');
  const { store, log } = await openStore({ source });
  for (let call = 0; call < 40; call += 1) {
    const callees = Array.from({ length: 99 }, (_, n) => `callee-${call}-${n}`);
    const placed = await place(store, { caller: `caller-${call}`, callees });
    await end(store, (placed as Call).id);
  }
  expect(await store.forget(-1_000, 200)).toBe(40);
  const client = await connected(source);
  onTestFinished(() => client.end());
  expect((await client.query('select uid from switchboard.people')).rows).toEqual([]);
  expect(log.lines).toEqual([]);
});

describe('the plans of all statements', () => {
  it('reach their rows by an index, on tables of any size, and are not compiled', async () => {
    await openStore();
    await admin.query(PLANNING.replaceAll(' local', ''));
    // As if the tables were large.
    await admin.query('set jit_above_cost = 0');
    const whole: string[] = [];
    for (const [name, text] of statementsOf(POSTGRES)) {
      const parameters = new Set(text.match(/\$\d/g)).size;
      await admin.query(`prepare ${name}_ as ${text}`);
      const nulls = Array(parameters).fill('null').join();
      const { rows } = await admin.query(`explain execute ${name}_${nulls && `(${nulls})`}`);
      const lines = rows.map((row) => row['QUERY PLAN'] as string);
      const isWhole = lines.some(
        (line, index) =>
          /Seq Scan/.test(line) ||
          /^JIT:/.test(line) ||
          (/Index (Only )?Scan/.test(line) && !/Index Cond/.test(lines[index + 1] ?? '')),
      );
      if (isWhole || !lines.join().includes(INDEXES[name] ?? ''))
        whole.push(`${name}\n${lines.join('\n')}`);
    }
    expect(whole).toEqual([]);
  });
});

it('a transaction is of our kind and has an end, whatever the database is set to', async () => {
  await admin.query(`alter database ${databaseName()} set default_transaction_isolation = 'serializable';
    alter database ${databaseName()} set statement_timeout = 0;
    alter database ${databaseName()} set idle_in_transaction_session_timeout = 0`);
  const { store } = await openStore();
  await admin.query(`create table seen (isolation text, statement text, idle text);
    create function see() returns trigger language plpgsql as $$ begin
      insert into seen select current_setting('transaction_isolation'),
        current_setting('statement_timeout'), current_setting('idle_in_transaction_session_timeout');
      return null;
    end $$;
    create trigger see after insert on switchboard.calls for each row execute function see()`);
  await place(store);
  expect((await admin.query('select * from seen')).rows).toEqual([
    { isolation: 'read committed', statement: '5s', idle: '10s' },
  ]);
});

it('an unknown call is simply not there', async () => {
  const { store } = await openStore();
  expect((await store.call(newCallId())).call).toBeUndefined();
});
