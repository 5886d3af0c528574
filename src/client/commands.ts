// What people do with calls: a request each, and what is learned from its answer.
import type { CallView, ListedCall } from './call.ts';
import { CallsError, isPassing } from './error.ts';
import type { KnownCalls } from './known-calls.ts';
import type { CallsClient, Entry } from './options.ts';
import { randomId } from './random-id.ts';
import { callOf, callsOf, nonsense } from './read.ts';
import { type Ask, closed, type Requests } from './request.ts';

/** What the parts of one client share. */
export interface Shared {
  readonly requests: Requests;
  readonly known: KnownCalls;
  /** Aborts with `close()`. */
  readonly signal: AbortSignal;
  /** Waits for the name of this client, without which nothing is asked. */
  device(): Promise<string>;
}

type Commands = Pick<
  CallsClient,
  'place' | 'accept' | 'decline' | 'leave' | 'end' | 'invite' | 'get' | 'live' | 'history'
>;

export const pathOf = (callId: string, verb = ''): string =>
  `/${encodeURIComponent(callId)}${verb}`;

/** The requests, each as a method. */
export function createCommands(shared: Shared): Commands {
  const { requests, known, signal } = shared;
  const ask = async (request: Ask): Promise<Record<string, unknown>> => {
    if (signal.aborted) throw closed();
    await shared.device();
    return requests.send(request, signal);
  };
  const tellCall = (answer: Record<string, unknown>): CallView => {
    const call = callOf(answer.call);
    if (!signal.aborted) known.learn(call, 'answer');
    return call;
  };
  const post = (path: string, body: object, more: Partial<Ask> = {}) =>
    ask({ method: 'POST', path, body: JSON.stringify(body), mayRepeat: true, ...more });
  const query = (more: Ask['query'] = {}) =>
    ask({ method: 'GET', path: '', query: more, mayRepeat: true });

  return {
    place: async (request) => {
      const deviceId = await shared.device();
      const callId = request.callId ?? randomId();
      const { callees, kind, context, data } = request;
      const body = { callees, kind, callId, deviceId, context, data };
      try {
        const answer = await post('', body);
        const call = tellCall(answer);
        return answer.token === undefined ? { call } : entryOf(call, answer);
      } catch (error) {
        throw error instanceof CallsError ? withCall(error, callId) : error;
      }
    },
    accept: async (callId, { takeOver, instead } = {}) => {
      const deviceId = await shared.device();
      const answer = await post(pathOf(callId, '/accept'), { deviceId, takeOver, instead });
      return entryOf(tellCall(answer), answer);
    },
    decline: async (callId, reason = 'declined') =>
      tellCall(await post(pathOf(callId, '/decline'), { reason }, { keepalive: true })),
    leave: async (callId) => {
      const deviceId = await shared.device();
      return tellCall(await post(pathOf(callId, '/leave'), { deviceId }, { keepalive: true }));
    },
    end: async (callId) => tellCall(await post(pathOf(callId, '/end'), {}, { keepalive: true })),
    // Once only: who has declined meanwhile would be rung again.
    invite: async (callId, callees) =>
      tellCall(await post(pathOf(callId, '/invite'), { callees }, { mayRepeat: false })),
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
