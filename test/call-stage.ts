// A switchboard with calls in one of its mounts: a database in memory, LiveKit at the wire, and
// several people who ask.
import type { CallId, InstallationId, UserId } from '../src/base/ids.ts';
import { createTickets } from '../src/ringing/ticket.ts';
import type { SwitchboardOptions } from '../src/settings/options.ts';
import { type FakeLiveKitApi, startLiveKitApi } from './fakes/livekit-api.ts';
import { MOUNTS, type Mount } from './mounts.ts';
import { LIVEKIT_SECRET, type Stage, setStage } from './stage.ts';

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
    readonly isAlerting?: boolean;
  }[];
  readonly reach?: number;
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

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface CallStage extends Stage {
  readonly livekit: FakeLiveKitApi;
  readonly baseUrl: string;
  /** A request of this person; `null`: of nobody. `body` is sent as JSON where there is one. */
  as(
    who: string | null,
    method: Method,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<CallAnswer>;
  /** A request with the ticket of a ring in place of an ID token. */
  show(ticket: string, method: Method, path: string, body?: unknown): Promise<CallAnswer>;
  /** As the push to this installation of his brings it, for the ring of this call. */
  ticket(callId: string, uid: string, installation: string, secret?: string): string;
  /** Registers a phone by this name, with a value of FCM's that is its own unless it is named. */
  register(uid: string, installation: string, value?: string): Promise<CallAnswer>;
  /** `caller` rings `callees` from the device `caller-1`. */
  place(caller: string, callees: readonly string[], more?: object): Promise<CallAnswer>;
  /** From the device `uid-1`, unless `more` says otherwise. */
  accept(uid: string, callId: string, more?: object): Promise<CallAnswer>;
}

/** Where calls can be asked for at all: hosts that let the whole handler in. */
export const CALL_MOUNTS: readonly Mount[] = MOUNTS.filter(({ onlyOneRoute }) => !onlyOneRoute);

export const PLAIN = CALL_MOUNTS.find(({ name }) => name === 'plain node:http') as Mount;

/** Of a ring that begins now. */
const RING_AND_MORE_MS = 105_000;

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

  const ask = async (
    authorization: string | undefined,
    what: { method: Method; path: string; body: unknown; headers?: Record<string, string> },
  ): Promise<CallAnswer> => {
    const { method, path, body, headers = {} } = what;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(baseUrl + path, {
      method,
      headers: {
        ...(authorization !== undefined && { authorization: `Bearer ${authorization}` }),
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
  const as: CallStage['as'] = (who, method, path, body, headers = {}) =>
    ask(who === null ? undefined : tokenOf(stage, who), { method, path, body, headers });
  return {
    ...stage,
    livekit,
    baseUrl,
    as,
    show: (ticket, method, path, body) => ask(ticket, { method, path, body }),
    ticket: (callId, uid, installation, secret = LIVEKIT_SECRET) =>
      createTickets({ secret }).issue({
        callId: callId as CallId,
        uid: uid as UserId,
        installation: installation as InstallationId,
        endsAt: stage.clock.now() + RING_AND_MORE_MS,
      }),
    register: (uid, installation, value = `token-of-${installation}`) =>
      as(uid, 'PUT', `/devices/${installation}`, {
        platform: 'android',
        pushes: [{ kind: 'fcm_token', value }],
      }),
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

export const tokenOf = (stage: Stage, who: string): string =>
  stage.idToken({ sub: who, user_id: who, name: `${who[0]?.toUpperCase()}${who.slice(1)}` });
