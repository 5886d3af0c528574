// What native code asks by a ticket, and nothing else.
import { type Clock, withDeadline } from '../../base/clock.ts';

/** Longer than the server holds a question. */
const ANSWER_MS = 35_000;

export interface Ringing {
  readonly callId: string;
  readonly ticket: string;
  /** Aborts what is asked. */
  readonly ending: AbortController;
}

/** As much of a call as native code reads. */
export interface SeenCall {
  readonly version: number;
  readonly kind: string;
  readonly caller: string;
  readonly me: { readonly state: string; readonly device?: string };
  readonly parties: readonly { readonly uid: string; readonly name?: string }[];
}

export interface TicketClient {
  alerting(ringing: Ringing): Promise<void>;
  /** `over`: for this ticket there is no call. Undefined: no answer, or none that counts. */
  look(ringing: Ringing, query: string): Promise<SeenCall | 'over' | undefined>;
}

export function createTicketClient(parts: {
  readonly callsUrl: () => string;
  readonly clock: Clock;
}): TicketClient {
  const { callsUrl, clock } = parts;

  const ask = ({ callId, ticket, ending }: Ringing, rest: string, init: RequestInit) =>
    withDeadline(clock, ANSWER_MS, (signal) =>
      fetch(`${callsUrl()}/${callId}${rest}`, {
        ...init,
        headers: { authorization: `Bearer ${ticket}`, 'content-type': 'application/json' },
        signal: AbortSignal.any([signal, ending.signal]),
      }),
    );

  return {
    async alerting(ringing) {
      try {
        const response = await ask(ringing, '/alerting', { method: 'POST', body: '{}' });
        await response.body?.cancel();
      } catch {
        // The phone rings all the same.
      }
    },
    async look(ringing, query) {
      try {
        const response = await ask(ringing, query, {});
        if (response.ok) return ((await response.json()) as { call?: SeenCall }).call;
        await response.body?.cancel();
        return response.status === 403 || response.status === 404 ? 'over' : undefined;
      } catch {
        return undefined;
      }
    },
  };
}
