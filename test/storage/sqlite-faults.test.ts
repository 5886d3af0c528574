// What goes wrong with a file, and what is told of it.
import { execFileSync } from 'node:child_process';
import {
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Call } from '../../src/calls/call.ts';
import { type CallStore, StoreUnavailable } from '../../src/calls/store.ts';
import { migrationSql } from '../../src/storage/sql/schema.ts';
import { loadSqlite, openDatabase } from '../../src/storage/sqlite/database.ts';
import { createSqliteStore } from '../../src/storage/sqlite/store.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createFakeLog } from '../fakes/log.ts';
import { end, newCallId, place, user } from './scenes.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchboard-faults-'));
  path = join(folder, 'calls.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

function createStore(at = path) {
  const clock = createFakeClock();
  const log = createFakeLog();
  const store = createSqliteStore({ path: at, clock, log });
  onTestFinished(() => store.close());
  return { store, clock, log };
}

/** A file beside the store, as another process has it. */
function openBeside(): DatabaseSync {
  const file = new DatabaseSync(path);
  onTestFinished(() => file.close());
  return file;
}

/** Lets time pass until it is over, well or not. */
async function turned<T>(clock: ReturnType<typeof createFakeClock>, asked: Promise<T>): Promise<T> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  asked.then(over, over);
  while (!isOver) {
    clock.advance(25);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return asked;
}

describe('a file that cannot be opened', () => {
  it('is told where it is no database', async () => {
    writeFileSync(path, 'a shopping list, and a long one at that'.repeat(100));
    await expect(createStore().store.open()).rejects.toThrow(/is no SQLite database/);
  });

  it('is told where a folder of its path is a file', async () => {
    writeFileSync(path, '');
    await expect(createStore(join(path, 'calls.db')).store.open()).rejects.toThrow(
      /^a folder in .* is a file\. Fix: correct the path/,
    );
  });

  it('is told where it is a folder, and where a link in its path leads to nothing', async () => {
    await expect(createStore(folder).store.open()).rejects.toThrow(
      `${folder} is a folder. Fix: name a file in DATABASE_URL, like sqlite:${folder}/calls.db`,
    );
    const link = join(folder, 'link');
    symlinkSync(join(folder, 'not', 'there'), link);
    await expect(createStore(join(link, 'calls.db')).store.open()).rejects.toThrow(
      `${link} is a link to what is not there. Fix: make what it leads to`,
    );
  });

  it.runIf(process.platform === 'linux')('is told where no folder can be made', async () => {
    await expect(createStore('/proc/nowhere/of/calls.db').store.open()).rejects.toThrow(
      /calls\.db cannot be opened: /,
    );
  });

  it('is told where its tables are those of somebody else', async () => {
    openBeside().exec('create table people (name text)');
    await expect(createStore().store.open()).rejects.toThrow(/people already exists/);
  });

  it('is told where another process has locked it, after some patience', async () => {
    openBeside().exec('pragma locking_mode = exclusive; begin exclusive');
    const { store, clock } = createStore();
    await expect(turned(clock, store.open())).rejects.toThrow(/locked by another process/);
  });

  it('answers nothing before it is open', async () => {
    await expect(createStore().store.call(newCallId())).rejects.toBeInstanceOf(StoreUnavailable);
  });
});

describe('a file that was not there', () => {
  const warnings = (log: ReturnType<typeof createFakeLog>) =>
    log.lines.filter(({ level }) => level === 'warn').map(({ message }) => message);

  it('is told in production, once and with what to do: the disk may be new at each start', async () => {
    const told = [];
    for (const isProduction of [true, true]) {
      const log = createFakeLog();
      const store = createSqliteStore({ path, clock: createFakeClock(), log, isProduction });
      await store.open();
      await store.close();
      told.push(warnings(log));
    }
    expect(told).toEqual([[expect.stringMatching(/made new.*a disk that stays/)], []]);
  });

  it('is no news in development, nor in memory', async () => {
    const { store, log } = createStore();
    await store.open();
    const inMemory = createFakeLog();
    const parts = { path: ':memory:', clock: createFakeClock(), log: inMemory };
    const other = createSqliteStore({ ...parts, isProduction: true });
    onTestFinished(() => other.close());
    await other.open();
    expect([warnings(log), warnings(inMemory)]).toEqual([[], []]);
  });
});

describe('the schema', () => {
  const setSchema = async (version: number, readableFrom: number) => {
    const { store } = createStore();
    await store.open();
    const call = (await place(store)) as Call;
    await store.close();
    openBeside().exec(
      `update schema_version set version = ${version}, readable_from = ${readableFrom}`,
    );
    return call;
  };

  it('of a newer version is refused where that says so', async () => {
    await setSchema(99, 98);
    await expect(createStore().store.open()).rejects.toThrow(
      /schema 99, made by a newer livekit-switchboard/,
    );
  });

  it('of a newer version is worked on where that allows it: a deploy was rolled back', async () => {
    const call = await setSchema(99, 1);
    const { store } = createStore();
    await store.open();
    expect((await store.call(call.id)).call).toEqual(call);
    expect(openBeside().prepare('select version from schema_version').get()).toEqual({
      version: 99,
    });
  });

  it('that another process brings further while we run is written to no more, until it is back', async () => {
    const { store, clock } = createStore();
    await store.open();
    const beside = openBeside();
    const setTo = (readableFrom: number) =>
      beside.exec(`update schema_version set version = 99, readable_from = ${readableFrom}`);
    setTo(98);
    await expect(place(store)).rejects.toBeInstanceOf(StoreUnavailable);
    expect(store.fault()).toMatch(/schema 99, made by a newer livekit-switchboard/);
    clock.advance(500);
    await new Promise((resolve) => setImmediate(resolve));
    expect(store.fault()).toMatch(/schema 99/);
    setTo(1);
    clock.advance(1_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(store.fault()).toBeUndefined();
    expect(await place(store)).toBeDefined();
  });

  it('is the same as what is printed of it', async () => {
    await createStore().store.open();
    const tablesOf = (file: DatabaseSync) =>
      file.prepare('select name, sql from sqlite_master order by name').all();
    const printed = new DatabaseSync(':memory:');
    onTestFinished(() => printed.close());
    printed.exec(migrationSql('sqlite'));
    expect(tablesOf(printed)).toEqual(tablesOf(openBeside()));
  });
});

describe('a file that another process has locked', () => {
  const opened = async () => {
    const { store, clock } = createStore();
    await store.open();
    const call = (await place(store)) as Call;
    const beside = openBeside();
    beside.exec('begin immediate');
    return { store, clock, call, beside };
  };

  it('is waited for, without stopping the process', async () => {
    const { store, clock, call, beside } = await opened();
    const ending = end(store, call.id);
    for (let turns = 0; turns < 10; turns += 1) {
      clock.advance(25);
      await new Promise((resolve) => setImmediate(resolve));
    }
    beside.exec('commit');
    expect(await turned(clock, ending)).toMatchObject({ state: 'ended' });
  });

  it('can be read meanwhile by whoever asked first', async () => {
    const { store, call } = await opened();
    expect((await store.call(call.id)).call).toEqual(call);
  });

  it('is unavailable after 5 s, and nothing of the change is kept', async () => {
    const { store, clock, call, beside } = await opened();
    const began = clock.monotonic();
    await expect(turned(clock, end(store, call.id))).rejects.toBeInstanceOf(StoreUnavailable);
    expect(clock.monotonic() - began).toBeGreaterThanOrEqual(5_000);
    beside.exec('rollback');
    expect((await store.call(call.id)).call).toEqual(call);
    // Somebody else was slow: no reason to take this server out of service.
    expect(store.fault()).toBeUndefined();
  });
});

it('forgets a call and whoever was in it in one go, or neither', async () => {
  const { store } = createStore();
  await store.open();
  const call = (await place(store)) as Call;
  await end(store, call.id);
  const beside = openBeside();
  beside.exec("create trigger t before delete on people begin select raise(abort, 'a crash'); end");
  await expect(store.forget(-1, 10)).rejects.toThrow('a crash');
  expect((await store.call(call.id)).call).toMatchObject({ id: call.id });
  beside.exec('drop trigger t');
  expect(await store.forget(-1, 10)).toBe(1);
  expect(beside.prepare('select count(*) as people from people').get()).toEqual({ people: 0 });
});

describe('a file that is removed or replaced while the server runs', () => {
  it.each([
    ['removed', () => {}],
    ['replaced', () => writeFileSync(path, '')],
  ])('is told where it is %s, until it is back', async (_what, meanwhile) => {
    const { store, clock, log } = createStore();
    await store.open();
    await place(store);
    clock.advance(1_000);
    expect(store.fault()).toBeUndefined();
    renameSync(path, `${path}.away`);
    meanwhile();
    clock.advance(2_000);
    expect(store.fault()).toMatch(/calls\.db was removed or replaced/);
    // Nobody who talks is cut off for it.
    expect(await place(store, { caller: 'c', callees: ['d'] })).toBeDefined();
    expect(log.lines.map(({ level }) => level)).toEqual(['error']);
    renameSync(`${path}.away`, path);
    clock.advance(1_000);
    expect(store.fault()).toBeUndefined();
  });
});

describe('a file that somebody reads for long', () => {
  it('is small again afterwards', async () => {
    const { store } = createStore();
    await store.open();
    const walBytes = () => statSync(`${path}-wal`).size;
    const callsUntil = async (isEnough: () => boolean) => {
      for (let calls = 0; !isEnough(); calls += 1) {
        expect(calls).toBeLessThan(500);
        await end(store, ((await place(store)) as Call).id);
      }
    };
    const reader = openBeside();
    await place(store, { caller: 'c', callees: ['d'] });
    reader.exec('begin');
    reader.prepare('select count(*) from calls').get();
    await callsUntil(() => walBytes() > 12 * 1024 * 1024);
    reader.exec('commit');
    await callsUntil(() => walBytes() <= 5 * 1024 * 1024);
  });
});

/** Where this machine lets us: a file system of one megabyte. */
function mountSmall(): string | undefined {
  const mounted = mkdtempSync(join(tmpdir(), 'switchboard-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mounted], { stdio: 'pipe' });
    return mounted;
  } catch {
    rmSync(mounted, { recursive: true });
    return undefined;
  }
}

describe.runIf(process.platform === 'linux' && process.getuid?.() === 0)('a disk', () => {
  let disk: string;
  let store: CallStore;
  let clock: ReturnType<typeof createFakeClock>;
  let log: ReturnType<typeof createFakeLog>;

  beforeEach(async (context) => {
    const mounted = mountSmall();
    if (mounted === undefined) return context.skip('no right to mount');
    disk = mounted;
    // By a link, whose own disk has room.
    symlinkSync(join(disk, 'calls.db'), path);
    ({ store, clock, log } = createStore());
    await store.open();
    return async () => {
      await store.close();
      execFileSync('umount', ['-l', disk]);
      rmSync(disk, { recursive: true });
    };
  });

  /** Until nothing more can be written; answers the last call that could. */
  const fill = async () => {
    let last = (await place(store)) as Call;
    for (let index = 0; ; index += 1) {
      try {
        last = (await place(store, { caller: `a${index}`, callees: [`b${index}`] })) as Call;
      } catch (error) {
        expect(error).toBeInstanceOf(StoreUnavailable);
        return last;
      }
    }
  };

  it('that is full is told, loses nothing, and is used again when there is room', async () => {
    const filler = join(disk, 'filler');
    writeFileSync(filler, Buffer.alloc(400_000));
    const last = await fill();
    expect(store.fault()).toMatch(/full/);
    expect((await store.call(last.id)).call).toEqual(last);
    rmSync(filler);
    let woken = 0;
    store.onDue('deadlines', () => {
      woken += 1;
    });
    // Nobody calls: it finds out by itself.
    clock.advance(20_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(store.fault()).toBeUndefined();
    expect(woken).toBe(1);
    expect(await place(store, { caller: 'next', callees: ['one'] })).toBeDefined();
  });

  it('that is full is told once, however much is read meanwhile, and keeps nobody busy', async () => {
    writeFileSync(join(disk, 'filler'), Buffer.alloc(400_000));
    await fill();
    const before = log.lines.length;
    let woken = 0;
    store.onDue('deadlines', () => {
      woken += 1;
    });
    for (let times = 0; times < 40; times += 1) {
      await store.nextDueMs('deadlines');
      clock.advance(250);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(store.fault()).toMatch(/full/);
    expect({ woken, told: log.lines.slice(before) }).toEqual({ woken: 0, told: [] });
  });

  it('that can only be read any more is told', async () => {
    const call = (await place(store)) as Call;
    await store.close();
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    const again = createStore(join(disk, 'calls.db'));
    await expect(again.store.open()).rejects.toThrow(/cannot be (written|opened)/);
    execFileSync('mount', ['-o', 'remount,rw', disk]);
    await again.store.open();
    expect((await again.store.call(call.id)).call).toEqual(call);
    await again.store.close();
  });
});

it('a file is opened so that a process that is killed loses nothing, and a lock stops this one briefly', () => {
  const { run, close } = openDatabase(path);
  onTestFinished(close);
  const settings = ['journal_mode', 'synchronous', 'foreign_keys', 'busy_timeout'].map(
    (name) => Object.values(run({ text: `pragma ${name}`, values: [] })[0] ?? {})[0],
  );
  expect(settings).toEqual(['wal', 1, 1, 3]);
});

it.runIf(process.platform === 'linux')('a store that is closed keeps no file open', async () => {
  const openAndClose = async (times: number) => {
    for (let time = 0; time < times; time += 1) {
      const { store } = createStore();
      await store.open();
      store.onChangeFor(user('bob'), () => {});
      await place(store, { caller: `a${time}`, callees: [`b${time}`] });
      await store.close();
    }
    return readdirSync('/proc/self/fd').length;
  };
  const before = await openAndClose(3);
  expect(await openAndClose(50)).toBe(before);
});

it('of the warnings of Node that of an experiment is silenced, and no other', () => {
  const { getBuiltinModule } = process;
  const said: unknown[] = [];
  vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void said.push(warning));
  vi.spyOn(process, 'getBuiltinModule').mockImplementation(((id: string) => {
    process.emitWarning('SQLite is an experimental feature and might change at any time');
    process.emitWarning('something else');
    return getBuiltinModule(id);
  }) as typeof getBuiltinModule);
  onTestFinished(() => void vi.restoreAllMocks());
  expect(loadSqlite().DatabaseSync).toBe(DatabaseSync);
  expect(said).toEqual(['something else']);
});

describe('an idle store', () => {
  it('asks nothing once nobody waits and no call goes on', async () => {
    const { store, clock } = createStore();
    await store.open();
    expect(clock.waiting()).toEqual([]);
    const stop = store.onChangeFor(user('alice'), () => {});
    expect(clock.waiting()).toEqual([1_000]);
    stop();
    await end(store, ((await place(store)) as Call).id);
    clock.advance(200_000);
    expect(clock.waiting()).toEqual([]);
  });
});
