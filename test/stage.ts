// A switchboard in one of its mounts, with Google at the wire and time in the hand.
import type { SwitchboardOptions } from '../src/settings/options.ts';
import { createFakeClock, type FakeClock } from './fakes/clock.ts';
import { PROJECT_ID, signIdToken, timesAt } from './fakes/firebase.ts';
import { type KeyEndpoint, startKeyEndpoint } from './fakes/key-endpoint.ts';
import { createFakeLog, type FakeLog } from './fakes/log.ts';
import type { Mount, RunningMount } from './mounts.ts';

export const LIVEKIT_KEY = 'lk-key';
export const LIVEKIT_SECRET = 'lk-secret-of-at-least-32-characters';

export interface Ask {
  /** Default: a good ID token of alice; null sends none. */
  readonly token?: string | null;
  /** Text and bytes are sent as they are, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly method?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, string>;
}

export interface Stage extends RunningMount {
  readonly clock: FakeClock;
  readonly keys: KeyEndpoint;
  readonly log: FakeLog;
  /** An ID token issued now, by the stage's clock. */
  idToken(claims?: Record<string, unknown>): string;
  ask(ask?: Ask): Promise<Answer>;
}

export const GOOD_BODY = { roomName: 'room-1', participantIdentity: 'alice' };

/** Starts `mount`; `options` go over those of a complete configuration. */
export async function setStage(mount: Mount, options: SwitchboardOptions = {}): Promise<Stage> {
  const clock = createFakeClock();
  const keys = await startKeyEndpoint();
  const log = createFakeLog();
  const running = await mount.start(
    {
      firebaseProjectId: PROJECT_ID,
      firebaseKeysUrl: keys.url,
      livekitApiKey: LIVEKIT_KEY,
      livekitApiSecret: LIVEKIT_SECRET,
      livekitUrl: 'wss://livekit.example.com',
      logger: log,
      // Written down, it is no warning in the log.
      ...(options.authorizeRoom === undefined && { roomAccess: 'any' }),
      ...options,
    },
    clock,
  );
  const idToken = (claims: Record<string, unknown> = {}) =>
    signIdToken({ ...timesAt(clock.now()), ...claims });
  return {
    ...running,
    clock,
    keys,
    log,
    idToken,
    async ask({ token = idToken(), body = GOOD_BODY, headers = {}, method = 'POST' } = {}) {
      const hasBody = method !== 'GET' && method !== 'HEAD';
      const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
      const response = await fetch(running.tokenUrl, {
        method,
        headers: {
          'content-type': 'application/json',
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
        },
        ...(hasBody ? { body: text as string } : {}),
      });
      return { status: response.status, headers: response.headers, body: await bodyOf(response) };
    },
    async close() {
      await running.close();
      await keys.close();
    },
  };
}

async function bodyOf(response: Response): Promise<Record<string, string>> {
  const text = await response.text();
  if (response.headers.get('content-type')?.startsWith('application/json') !== true) {
    return { text };
  }
  return JSON.parse(text);
}
