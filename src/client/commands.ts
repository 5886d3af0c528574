// What people do with calls: a request each, and what is learned from its answer.
import type { CallView, ListedCall } from './call.ts';
import { controllerUnder } from './clock.ts';
import { CallsError, isPassing } from './error.ts';
import { devicePathOf } from './installation.ts';
import type { KnownCalls } from './known-calls.ts';
import type { CallsClient, Entry } from './options.ts';
import { randomId } from './random-id.ts';
import { callOf, callsOf, deviceOf, nonsense } from './read.ts';
import { type Ask, closed, type Requests } from './request.ts';

/** What the parts of one client share. */
export interface Shared {
  readonly requests: Requests;
  readonly known: KnownCalls;
  /** Aborts with `close()`. */
  readonly signal: AbortSignal;
  /** Under which this app is registered for pushes. */
  readonly installationId: string | undefined;
  /** Waits for the name of this client, without which nothing is asked. */
  device(): Promise<string>;
}

type Commands = Pick<
  CallsClient,
  | 'place'
  | 'accept'
  | 'decline'
  | 'leave'
  | 'end'
  | 'invite'
  | 'alerting'
  | 'registerDevice'
  | 'removeDevice'
  | 'get'
  | 'live'
  | 'history'
>;

export const pathOf = (callId: string, verb = ''): string =>
  `/${encodeURIComponent(callId)}${verb}`;

/** What lets somebody into a call is given up when they leave it meanwhile. */
function createEntering(signal: AbortSignal) {
  const entering = new Map<string, AbortController>();
  return {
    async enter<T>(callId: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
      const id = callId.toLowerCase();
      const { controller, release } = controllerUnder(signal);
      entering.set(id, controller);
      try {
        return await work(controller.signal);
      } catch (error) {
        if (!controller.signal.aborted || signal.aborted) throw error;
        throw new CallsError('left', 'this client has left the call meanwhile', { callId: id });
      } finally {
        release();
        if (entering.get(id) === controller) entering.delete(id);
      }
    },
    leave: (callId: string) => entering.get(callId.toLowerCase())?.abort(),
  };
}

/** The requests, each as a method. */
export function createCommands(shared: Shared): Commands {
  const { requests, known, signal, installationId } = shared;
  const entering = createEntering(signal);
  const ask = async (request: Ask, until = signal): Promise<Record<string, unknown>> => {
    if (signal.aborted) throw closed();
    await shared.device();
    return requests.send(request, until);
  };
  const tellCall = (answer: Record<string, unknown>): CallView => {
    const call = callOf(answer.call);
    if (!signal.aborted) known.learn(call, 'answer');
    return call;
  };
  const post = (path: string, body: object, until?: AbortSignal) =>
    ask({ method: 'POST', path, body: JSON.stringify(body), mayRepeat: true }, until);
  const out = async (callId: string, verb: string, body: object) => {
    entering.leave(callId);
    const request = { method: 'POST', path: pathOf(callId, verb), keepalive: true } as const;
    return tellCall(await ask({ ...request, body: JSON.stringify(body), mayRepeat: true }));
  };
  const query = (more: Ask['query'] = {}) =>
    ask({ method: 'GET', path: '', query: more, mayRepeat: true });

  return {
    place: async (request) => {
      checkData(request.data);
      const deviceId = await shared.device();
      const callId = request.callId ?? randomId();
      const { callees, kind, context, data } = request;
      const body = { callees, kind, callId, deviceId, context, data, installationId };
      try {
        const answer = await entering.enter(callId, (until) => post('', body, until));
        const call = tellCall(answer);
        return answer.token === undefined ? { call } : entryOf(call, answer);
      } catch (error) {
        throw error instanceof CallsError ? withCall(error, callId) : error;
      }
    },
    accept: async (callId, { takeOver, instead } = {}) => {
      const deviceId = await shared.device();
      const body = { deviceId, takeOver, instead, installationId };
      const answer = await entering.enter(callId, (until) =>
        post(pathOf(callId, '/accept'), body, until),
      );
      return entryOf(tellCall(answer), answer);
    },
    decline: (callId, reason = 'declined') => out(callId, '/decline', { reason, installationId }),
    leave: async (callId) =>
      out(callId, '/leave', { deviceId: await shared.device(), installationId }),
    end: (callId) => out(callId, '/end', { installationId }),
    invite: async (callId, callees) => {
      const request = { method: 'POST', path: pathOf(callId, '/invite') } as const;
      // Once only: who has declined meanwhile would be rung again.
      return tellCall(await ask({ ...request, body: JSON.stringify({ callees }) }));
    },
    alerting: async (callId) =>
      tellCall(await post(pathOf(callId, '/alerting'), { installationId })),
    registerDevice: async (name, { platform, pushes, locale }) => {
      const body = JSON.stringify({ platform, pushes, locale });
      const path = devicePathOf(name);
      const { device } = await ask({ method: 'PUT', path, body, mayRepeat: true });
      return deviceOf(device);
    },
    removeDevice: async (name) => {
      const path = devicePathOf(name);
      await ask({ method: 'DELETE', path, keepalive: true, mayRepeat: true });
    },
    get: async (callId) =>
      tellCall(await ask({ method: 'GET', path: pathOf(callId), mayRepeat: true })),
    live: async () => {
      const calls = listOf(await query({ live: 1 }));
      for (const call of calls) if (!signal.aborted) known.learn(call, 'answer');
      return calls;
    },
    history: async ({ context, after, limit } = {}) => {
      const answer = await query({ context, after, limit });
      const next = typeof answer.next === 'string' ? answer.next : undefined;
      return { calls: listOf(answer), next };
    },
  };
}

/** Of what is no JSON the call would be placed without it. */
function checkData(data: unknown): void {
  if (data === undefined || data === null) return;
  let text: string | undefined;
  try {
    text = JSON.stringify(data);
  } catch {
    // It holds itself, or a BigInt.
  }
  if (text === undefined || text === 'null') throw new TypeError('data must be JSON');
}

const listOf = (answer: Record<string, unknown>) => callsOf(answer) as ListedCall[];

function entryOf(call: CallView, answer: Record<string, unknown>): Entry {
  const { token, server_url: serverUrl, expires_at: expiresAt } = answer;
  if (typeof token !== 'string' || typeof serverUrl !== 'string') throw nonsense('LiveKit token');
  return { call, token, serverUrl, expiresAt: String(expiresAt) };
}

/** Without an answer nobody knows whether it rings: the app must know which call to leave. */
function withCall(error: CallsError, callId: string): CallsError {
  if (error.callId !== undefined || !(isPassing(error) || error.code === 'closed')) return error;
  const { code, message, status, requestId, retryAfterSeconds, cause } = error;
  return new CallsError(code, message, { status, callId, requestId, retryAfterSeconds, cause });
}
