// What a browser, React Native or Node has to offer, each of it as far as it is there.
import { type ClientClock, systemClock } from './clock.ts';
import { deviceOfPage, type Tab } from './device.ts';

/** As much of `fetch` as is used. Every `fetch` fits. */
export type Fetch = (url: string, init: FetchInit) => Promise<FetchAnswer>;

export interface FetchInit {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** What hangs up is sent though the page is being left. */
  readonly keepalive?: boolean;
}

export interface FetchAnswer {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
  readonly body?: unknown;
}

export interface Surroundings {
  readonly clock: ClientClock;
  random(): number;
  readonly fetch: Fetch;
  /** Whether `fetch` hands over an answer before all of it is there. */
  readonly canStream: boolean;
  /** Whether a relative address is relative to something. */
  readonly isPage: boolean;
  device(): Promise<string>;
  /** `run` when the network is back, or somebody looks at the page again. */
  onHint(run: (hint: Hint) => void): () => void;
}

export type Hint = 'online' | 'visible';

interface Listens {
  addEventListener?(type: string, run: () => void): void;
  removeEventListener?(type: string, run: () => void): void;
}

interface Around extends Listens {
  readonly fetch: Fetch;
  readonly Response?: { readonly prototype: object };
  readonly TextDecoder?: unknown;
  readonly location?: unknown;
  readonly document?: Listens & { readonly visibilityState?: string };
  readonly navigator?: { readonly product?: string; readonly locks?: Tab['locks'] };
  readonly sessionStorage?: Tab['storage'];
}

const around = globalThis as unknown as Around;

/** Those of this process. */
export const surroundings = (): Surroundings => ({
  clock: systemClock,
  random: Math.random,
  // Looked up at every call, so that whoever replaces it is heard, and never as a method.
  fetch: (url, init) => around.fetch(url, init),
  canStream: canStream(),
  isPage: around.location !== undefined,
  device: () => deviceOfPage(tab()),
  onHint,
});

/** React Native answers when everything is there, and a stream never is. */
function canStream(): boolean {
  const { Response, TextDecoder, navigator } = around;
  return (
    navigator?.product !== 'ReactNative' &&
    TextDecoder !== undefined &&
    Response !== undefined &&
    'body' in Response.prototype
  );
}

/** Node has some of this too, and no tabs. */
function tab(): Tab | undefined {
  if (around.document === undefined) return undefined;
  try {
    const { sessionStorage: storage, navigator } = around;
    const locks = navigator?.locks;
    return storage && locks ? { storage, locks } : undefined;
  } catch {
    // A page that may keep nothing.
    return undefined;
  }
}

function onHint(run: (hint: Hint) => void): () => void {
  const { document } = around;
  const online = () => run('online');
  const visible = () => {
    if (document?.visibilityState === 'visible') run('visible');
  };
  if (document === undefined) return () => {};
  around.addEventListener?.('online', online);
  document.addEventListener?.('visibilitychange', visible);
  return () => {
    around.removeEventListener?.('online', online);
    document.removeEventListener?.('visibilitychange', visible);
  };
}
