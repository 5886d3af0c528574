// The client: every method of the API, and what the parts of it share.
import type { CallView } from './call.ts';
import { createPause } from './clock.ts';
import { createCommands, pathOf, type Shared } from './commands.ts';
import type { CallsError } from './error.ts';
import { createFeed } from './feed.ts';
import type { Connection } from './feed-state.ts';
import { callListener, createKnownCalls } from './known-calls.ts';
import type { CallsClient, CallsClientOptions, Stop } from './options.ts';
import { callOf, type News } from './read.ts';
import { createRequests } from './request.ts';
import type { Surroundings } from './surroundings.ts';
import { watchCall } from './watch.ts';

export function createClient(options: CallsClientOptions, around: Surroundings): CallsClient {
  const { clock, random } = around;
  const closing = new AbortController();
  const { signal } = closing;
  const pause = createPause(clock);
  const waits = { clock, random, pause };
  let deviceId = options.deviceId ?? '';
  const named = options.deviceId === undefined ? around.device() : Promise.resolve(deviceId);
  const device = async () => {
    deviceId = await named;
    return deviceId;
  };
  const checkUse = () => checkBaseUrl(options, around);
  const requests = createRequests({
    baseUrl: options.baseUrl.replace(/\/+$/, ''),
    getIdToken: options.getIdToken,
    fetch: options.fetch ?? around.fetch,
    ...waits,
    checkUse,
  });
  const known = createKnownCalls(clock, () => deviceId);
  const { installationId } = options;
  const shared: Shared = { requests, known, signal, installationId, device };

  let connection: Connection = { state: 'stopped' };
  const connectionListeners = new Set<(connection: Connection) => void>();
  const feed = createFeed({
    requests,
    ...waits,
    canStream: options.feed === undefined ? around.canStream : options.feed === 'stream',
    take: (news, isOtherFeed) => take(shared, news, isOtherFeed),
    tell(next) {
      if (next.state === connection.state && next.state !== 'waiting') return;
      connection = next;
      for (const listener of [...connectionListeners]) callListener(listener, next);
    },
  });
  const hint = (what: 'online' | 'visible') => {
    known.wake();
    feed.hint(what);
    pause.wake();
  };
  const stopHints = around.onHint(hint);
  let listening = 0;

  return {
    deviceId: device,
    ...createCommands(shared),
    watch(callId, listener, onError = () => {}) {
      checkUse();
      return watch(shared, waits, { callId, listener, onError });
    },
    onCall(listener) {
      checkUse();
      if (signal.aborted) return () => {};
      // Else the snapshot tells them.
      if (feed.isKnown()) for (const update of known.live()) callListener(listener, update);
      const stop = known.listen(listener);
      if (listening++ === 0) void device().then(() => listening > 0 && feed.start());
      return once(() => {
        stop();
        if (--listening === 0) feed.stop();
      });
    },
    onConnection(listener) {
      const own = (next: Connection) => listener(next);
      connectionListeners.add(own);
      callListener(own, connection);
      return () => void connectionListeners.delete(own);
    },
    wake: () => hint('online'),
    close() {
      if (signal.aborted) return;
      stopHints();
      listening = 0;
      feed.stop();
      closing.abort();
      known.close();
      connectionListeners.clear();
    },
  };
}

/**
 * Asked all the same it would look like a network that is down. Only when it is used: a page that is
 * made on a server makes the client there, and asks nothing.
 */
function checkBaseUrl({ baseUrl, fetch }: CallsClientOptions, { isPage }: Surroundings): void {
  if (!/^https?:\/\//i.test(baseUrl) && fetch === undefined && !isPage) {
    throw new TypeError('baseUrl must begin with https:// or http:// where there is no page');
  }
}

function once(run: () => void): Stop {
  let isDone = false;
  return () => {
    if (!isDone) run();
    isDone = true;
  };
}

function take({ known, ...shared }: Shared, news: News, isOtherFeed: boolean): void {
  if ('changes' in news) {
    for (const { call, cause } of news.changes) known.learn(call, cause);
    return;
  }
  for (const call of known.replace(news.calls, isOtherFeed)) {
    void tellEnd({ known, ...shared }, call);
  }
}

/** It lives no more. What became of it is asked; where nobody can say, it has ended all the same. */
async function tellEnd({ known, requests, signal }: Shared, gone: CallView): Promise<void> {
  try {
    const answer = await requests.send(
      { method: 'GET', path: pathOf(gone.id), mayRepeat: true },
      signal,
    );
    known.learn(callOf(answer.call), 'ended');
  } catch {
    // A change that no answer has a version of.
    const version = gone.version + 0.5;
    const me = { ...gone.me, ...(gone.me.state === 'ringing' && { ringSeconds: 0 }) };
    known.learn({ ...gone, version, state: 'ended', me }, 'ended');
  }
}

function watch(
  shared: Shared,
  waits: Pick<Parameters<typeof watchCall>[0], 'clock' | 'random' | 'pause'>,
  of: {
    readonly callId: string;
    readonly listener: Parameters<CallsClient['watch']>[1];
    readonly onError: (error: CallsError) => void;
  },
): Stop {
  const { requests, known, signal } = shared;
  if (signal.aborted) return () => {};
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  signal.addEventListener('abort', stop);
  const get = async (id: string, waitSeconds: number, after: number | undefined) => {
    await shared.device();
    const path = pathOf(id);
    const query = after === undefined ? {} : { waitSeconds, after };
    const withinMs = (waitSeconds + 10) * 1000;
    const answer = await requests.send({ method: 'GET', path, query, withinMs }, stopping.signal);
    const call = callOf(answer.call);
    if (!stopping.signal.aborted) known.learn(call, 'answer');
    return call;
  };
  const on = { update: of.listener, error: of.onError };
  void watchCall({ known, get, ...waits }, of.callId.toLowerCase(), on, stopping.signal).finally(
    () => signal.removeEventListener('abort', stop),
  );
  return stop;
}
