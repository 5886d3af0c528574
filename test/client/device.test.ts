// The name of a tab: kept over a reload, and never had by two.
import { describe, expect, it } from 'vitest';
import { deviceOfPage, deviceOfTab, type Tab } from '../../src/client/device.ts';
import { randomId } from '../../src/client/random-id.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

type Storage = Map<string, string>;
type Locks = Tab['locks'];

/** The locks of a browser: a name is held until its page is gone. */
function createBrowser() {
  const held = new Map<string, () => void>();
  const waiting = new Map<string, (() => void)[]>();
  return {
    page(storage: Storage) {
      const names: string[] = [];
      const locks: Locks = {
        request: (name, { signal }, run) =>
          new Promise((resolve, reject) => {
            const take = () => {
              names.push(name);
              held.set(name, () => {});
              resolve(run({ name }));
            };
            signal?.addEventListener('abort', () => reject(signal.reason));
            if (held.has(name)) waiting.set(name, [...(waiting.get(name) ?? []), take]);
            else take();
          }),
      };
      const tab: Tab = {
        storage: {
          getItem: (key) => storage.get(key) ?? null,
          setItem: (key, value) => void storage.set(key, value),
        },
        locks,
      };
      return {
        tab,
        leave() {
          for (const name of names) {
            held.delete(name);
            waiting.get(name)?.shift()?.();
          }
        },
      };
    },
  };
}

describe('a tab', () => {
  it('keeps its name over a reload, also where the page before lets go late', async () => {
    const browser = createBrowser();
    const storage: Storage = new Map();
    const before = browser.page(storage);
    const device = await deviceOfTab(before.tab);
    expect(device).toMatch(UUID);
    const reloaded = deviceOfTab(browser.page(storage).tab);
    before.leave();
    expect(await reloaded).toBe(device);
  });

  it('that was duplicated takes a new name, and keeps that one', async () => {
    const browser = createBrowser();
    const storage: Storage = new Map();
    const device = await deviceOfTab(browser.page(storage).tab);
    const copy: Storage = new Map(storage);
    const duplicate = browser.page(copy);
    const other = await deviceOfTab(duplicate.tab);
    expect(other).toMatch(UUID);
    expect(other).not.toBe(device);
    duplicate.leave();
    expect(await deviceOfTab(browser.page(copy).tab)).toBe(other);
  });

  it.each([
    [
      'refuses to store',
      {
        getItem: () => null,
        setItem: () => {
          throw new Error('full');
        },
      },
    ],
    [
      'may not read',
      {
        getItem: () => {
          throw new Error('denied');
        },
        setItem: () => {},
      },
    ],
  ])('that %s has a name all the same', async (_why, storage) => {
    const { tab } = createBrowser().page(new Map());
    expect(await deviceOfTab({ ...tab, storage })).toMatch(UUID);
  });

  it('without locks keeps nothing that a copy could have too', async () => {
    const storage: Storage = new Map();
    const { tab } = createBrowser().page(storage);
    const locks: Locks = { request: () => Promise.reject(new Error('not allowed')) };
    expect(await deviceOfTab({ ...tab, locks })).toMatch(UUID);
    expect(storage.size).toBe(0);
  });

  it('has one name for all clients of its page', async () => {
    const { tab } = createBrowser().page(new Map());
    expect(await deviceOfPage(tab)).toBe(await deviceOfPage(tab));
  });
});

it('where there is no tab, every client has a name of its own', async () => {
  expect(await deviceOfPage(undefined)).not.toBe(await deviceOfPage(undefined));
});

it.each([
  ['randomUUID', globalThis.crypto],
  [
    'getRandomValues alone, as on a page without https',
    { getRandomValues: (bytes: Uint8Array) => bytes.fill(0xff) },
  ],
  ['nothing, as in React Native', {}],
])('an id is a UUID, made by %s', (_what, crypto) => {
  expect(randomId(crypto as Parameters<typeof randomId>[0])).toMatch(UUID);
});
