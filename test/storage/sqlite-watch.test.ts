// A second process on the same file, while nothing goes on in it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Call } from '../../src/calls/call.ts';
import { createFileWatch } from '../../src/storage/sqlite/file-watch.ts';
import { createSqliteStore } from '../../src/storage/sqlite/store.ts';
import { createWake } from '../../src/storage/wake.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { createFakeLog } from '../fakes/log.ts';
import { end, place, user } from './scenes.ts';

let folder: string;
let clock: FakeClock;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchboard-watch-'));
  clock = createFakeClock();
});
afterEach(() => rmSync(folder, { recursive: true }));

async function opened({ at = createFakeClock(), name = 'calls.db' } = {}) {
  const store = createSqliteStore({ path: join(folder, name), clock: at, log: createFakeLog() });
  onTestFinished(() => store.close());
  await store.open();
  return store;
}

/** Until the system has said it, which takes no time of ours. */
const heard = () => vi.waitFor(() => expect(clock.waiting()).toEqual([1_000]));

describe.skipIf(process.platform === 'win32')('an idle store', () => {
  it('asks nothing, and hears all the same that another process has written', async () => {
    const idle = await opened({ at: clock });
    const other = await opened();
    const due = vi.fn();
    idle.onDue('push', due);
    expect(clock.waiting()).toEqual([]);
    const call = (await place(other)) as Call;
    await heard();
    expect(due).not.toHaveBeenCalled();
    clock.advance(1_000);
    expect(due).toHaveBeenCalledTimes(1);
    clock.advance(200_000);
    expect([due.mock.calls, clock.waiting()]).toEqual([[[0]], []]);
    await end(other, call.id);
    await heard();
    clock.advance(1_000);
    expect(due).toHaveBeenCalledTimes(2);
  });

  it('wakes nobody for what it has written itself', async () => {
    const idle = await opened({ at: clock });
    const due = vi.fn();
    await idle.feed(user('alice'), undefined, 10);
    await heard();
    clock.advance(200_000);
    idle.onDue('push', due);
    await idle.listening([user('alice')]);
    await heard();
    clock.advance(200_000);
    expect(due).not.toHaveBeenCalled();
  });

  it('wakes who waits for what another process wrote as it fell silent', async () => {
    const idle = await opened({ at: clock });
    const other = await opened();
    await end(idle, ((await place(idle)) as Call).id);
    clock.advance(149_500);
    expect(clock.waiting()).toEqual([500]);
    const due = vi.fn();
    idle.onDue('push', due);
    await place(other, { caller: 'carol', callees: ['dave'] });
    clock.advance(500);
    expect(due).toHaveBeenCalledTimes(1);
  });

  it('looks with one question for all who wait, and wakes whom something has changed for', async () => {
    const idle = await opened({ at: clock });
    const other = await opened();
    const woken: string[] = [];
    for (const uid of ['alice', 'bob', 'eve', 'eve']) {
      await idle.feed(user(uid), undefined, 10);
      idle.onChangeFor(user(uid), () => woken.push(uid));
    }
    clock.advance(1_000);
    /** After the other process has written something. */
    const wokenAfter = async (written: Promise<unknown>) => {
      await written;
      woken.length = 0;
      clock.advance(1_000);
      await vi.waitFor(() => expect(woken).not.toEqual([]));
      return woken;
    };
    // At first nobody knows what they have seen.
    const placed = place(other, { callees: ['bob'] });
    expect(await wokenAfter(placed)).toEqual(['alice', 'bob', 'eve', 'eve']);
    const call = (await placed) as Call;
    expect(await wokenAfter(end(other, call.id))).toEqual(['alice', 'bob']);
    await other.erase(user('bob'));
    const again = place(other, { caller: 'carol', callees: ['bob', 'eve'] });
    expect(await wokenAfter(again)).toEqual(['bob', 'eve', 'eve']);
  });

  it('that is closed hears nothing more', async () => {
    const idle = await opened({ at: clock });
    const other = await opened();
    await opened({ at: clock });
    await idle.close();
    await place(other);
    // The third one alone.
    await heard();
    expect(clock.waiting()).toHaveLength(1);
  });
});

it('where writes are not heard the file is looked at each second', () => {
  let version = 1;
  const wake = createWake(createFakeLog(), () => {});
  const path = join(folder, 'not there');
  const unheard = async () => wake.everything();
  const watch = createFileWatch({ path, clock, wake, dataVersion: () => version, unheard });
  const due = vi.fn();
  wake.onDue('push', due);
  watch.look();
  clock.advance(10_000);
  expect(due).not.toHaveBeenCalled();
  version = 2;
  clock.advance(1_000);
  expect(due).toHaveBeenCalledTimes(1);
  watch.stop();
  expect(clock.waiting()).toEqual([]);
});
