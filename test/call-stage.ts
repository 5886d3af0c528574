// A switchboard with calls in one of its mounts: a database in memory, LiveKit at the wire, and
// several people who ask.
import type { SwitchboardOptions } from '../src/settings/options.ts';
import { type FakeLiveKitApi, startLiveKitApi } from './fakes/livekit-api.ts';
import { MOUNTS, type Mount } from './mounts.ts';
import { type Stage, setStage } from './stage.ts';

/** A call as the answers have it, as far as tests look at it. */
export interface CallJson {
  readonly id: string;
  readonly version: number;
  readonly state: string;
  readonly outcome?: string;
  readonly reason?: string;
  readonly me: { readonly state: string; readonly device?: string; readonly ringSeconds?: number };
  readonly parties: readonly {
    readonly uid: string;
    readonly state: string;
    readonly name?: string;
  }[];
  readonly [member: string]: unknown;
}

export interface CallAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly code?: string;
  readonly error?: string;
  readonly call: CallJson;
  readonly calls: readonly CallJson[];
  readonly body: Readonly<Record<string, unknown>>;
}

export interface CallStage extends Stage {
  readonly livekit: FakeLiveKitApi;
  readonly baseUrl: string;
  /** A request of this person; `null`: of nobody. `body` is sent as JSON where there is one. */
  as(
    who: string | null,
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<CallAnswer>;
  /** `caller` rings `callees` from the device `caller-1`. */
  place(caller: string, callees: readonly string[], more?: object): Promise<CallAnswer>;
  /** From the device `uid-1`, unless `more` says otherwise. */
  accept(uid: string, callId: string, more?: object): Promise<CallAnswer>;
}

/** Where calls can be asked for at all: hosts that let the whole handler in. */
export const CALL_MOUNTS: readonly Mount[] = MOUNTS.filter(({ onlyOneRoute }) => !onlyOneRoute);

export const PLAIN = CALL_MOUNTS.find(({ name }) => name === 'plain node:http') as Mount;

/** `options` go over those of a complete configuration. */
export async function setCallStage(
  mount: Mount = PLAIN,
  options: SwitchboardOptions = {},
): Promise<CallStage> {
  // The clock of the stage is there only later.
  const clock = { now: () => stage.clock.now() };
  const livekit = await startLiveKitApi({ clock });
  const stage = await setStage(mount, {
    database: 'sqlite::memory:',
    livekitUrl: livekit.url,
    // Written down, it is no warning in the log.
    ...(options.mayRing === undefined &&
      options.ringAccess === undefined &&
      options.authorizeRoom === undefined && { ringAccess: 'any' }),
    ...options,
  });
  const baseUrl = stage.tokenUrl.replace(/\/livekit-token$/, '');
  await stage.switchboard.start();

  const as: CallStage['as'] = async (who, method, path, body, headers = {}) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(baseUrl + path, {
      method,
      headers: {
        ...(who !== null && { authorization: `Bearer ${tokenOf(stage, who)}` }),
        ...(text !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(text !== undefined && { body: text }),
    });
    const answered = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    const json = isJson ? JSON.parse(answered) : { text: answered };
    const { status, headers: sent } = response;
    return { ...json, status, headers: sent, body: json };
  };
  return {
    ...stage,
    livekit,
    baseUrl,
    as,
    place: (caller, callees, more = {}) =>
      as(caller, 'POST', '', { callees, kind: 'audio', deviceId: `${caller}-1`, ...more }),
    accept: (uid, callId, more = {}) =>
      as(uid, 'POST', `/${callId}/accept`, { deviceId: `${uid}-1`, ...more }),
    async close() {
      await stage.close();
      await livekit.close();
    },
  };
}

const tokenOf = (stage: Stage, who: string): string =>
  stage.idToken({ sub: who, user_id: who, name: `${who[0]?.toUpperCase()}${who.slice(1)}` });
