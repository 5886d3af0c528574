// The name of this running client. A tab keeps its name over a reload; a duplicated tab, which
// copies the storage, must take a new one: two tabs of one name would evict each other.
import { randomId } from './random-id.ts';

/** As much of a browser as it takes. */
export interface Tab {
  readonly storage: {
    getItem(key: string): string | null;
    setItem(key: string, value: string): void;
  };
  readonly locks: {
    request(
      name: string,
      options: { readonly ifAvailable?: boolean; readonly signal?: AbortSignal },
      run: (lock: unknown) => Promise<unknown> | undefined,
    ): Promise<unknown>;
  };
}

const KEY = 'livekit-switchboard.device';
/** The page before a reload may hold its lock a moment longer. */
const RELOADED_WITHIN_MS = 300;

/** Of this tab, held by a Web Lock for as long as the page lives. */
export async function deviceOfTab({ storage, locks }: Tab): Promise<string> {
  const hold = (device: string): Promise<boolean> =>
    new Promise((resolve) => {
      const waiting = new AbortController();
      const timer = setTimeout(() => waiting.abort(), RELOADED_WITHIN_MS);
      const settle = (isHeld: boolean) => {
        clearTimeout(timer);
        resolve(isHeld);
      };
      locks
        .request(`${KEY}:${device}`, { signal: waiting.signal }, () => {
          settle(true);
          return new Promise(() => {});
        })
        .catch(() => settle(false));
    });
  try {
    const kept = storage.getItem(KEY);
    if (kept !== null && (await hold(kept))) return kept;
    const device = randomId();
    // Without the lock nobody would know a copy of it.
    if (await hold(device)) storage.setItem(KEY, device);
    return device;
  } catch {
    return randomId();
  }
}

/** Shared by all clients of a page, and by both builds of this package. */
const SHARED = Symbol.for(KEY);

/** Where there is no tab to ask, every client has a name of its own. */
export function deviceOfPage(tab: Tab | undefined): Promise<string> {
  if (tab === undefined) return Promise.resolve(randomId());
  const page = globalThis as { [SHARED]?: Promise<string> };
  page[SHARED] ??= deviceOfTab(tab);
  return page[SHARED];
}
