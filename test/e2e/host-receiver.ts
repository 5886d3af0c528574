// A host's backend that is told of calls: it takes what is signed, and remembers in which order.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import type { HostCallEvent } from '../../src/events/host/message.ts';
import type { Variables } from './calls-stage.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

/** What it does with an event. */
export type ReceiverAnswer =
  | 'take'
  /** 503: is there, and can do nothing. */
  | 'refuse'
  /** 503, and wants nothing more for an hour. */
  | 'refuse-for-an-hour'
  /** Cuts the connection. */
  | 'cut';

export interface HostReceiver {
  /** Of a server that tells it. */
  readonly variables: Variables;
  /** Requests so far, whatever became of them. */
  readonly asked: number;
  /** Whatever was not signed as it must be. */
  readonly unsigned: number;
  /** What it has taken of a call, in the order in which it came first. */
  of(callId: string): readonly HostCallEvent[];
  answerWith(answer: ReceiverAnswer): void;
  stop(): Promise<void>;
}

export async function startHostReceiver(): Promise<HostReceiver> {
  const webhook = new Webhook(SECRET);
  const taken = new Map<string, HostCallEvent>();
  let answer: ReceiverAnswer = 'take';
  let asked = 0;
  let unsigned = 0;

  function take(body: string, headers: Record<string, string>): number {
    try {
      const event = webhook.verify(body, headers) as HostCallEvent;
      if (!taken.has(event.id)) taken.set(event.id, event);
      return 204;
    } catch {
      unsigned += 1;
      return 401;
    }
  }
  function reply(response: ServerResponse, body: string, headers: Record<string, string>): void {
    switch (answer) {
      case 'take':
        response.writeHead(take(body, headers)).end();
        return;
      case 'cut':
        response.destroy();
        return;
      default: {
        const later = answer === 'refuse-for-an-hour' ? { 'retry-after': '3600' } : {};
        response.writeHead(503, later).end();
      }
    }
  }

  const server = createServer(async (request, response) => {
    const body = await text(request).catch(() => undefined);
    if (body === undefined) return;
    asked += 1;
    reply(response, body, request.headers as Record<string, string>);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    variables: {
      WEBHOOK_URLS: `http://127.0.0.1:${port}/calls`,
      WEBHOOK_SECRET: SECRET,
      WEBHOOK_ALLOWED_HOSTS: '127.0.0.1',
    },
    get asked() {
      return asked;
    },
    get unsigned() {
      return unsigned;
    },
    of: (callId) => [...taken.values()].filter(({ call }) => call.id === callId),
    answerWith(next) {
      answer = next;
    },
    async stop() {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
