// Stands between LiveKit and a server of ours, and hands LiveKit's webhooks on as a bad way would:
// twice, late, the later before the earlier, or never.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

/** What it does with what comes. */
export type Way =
  | 'straight'
  /** Each twice, side by side. */
  | 'doubled'
  /** Who comes and goes: each behind the next that is told of, or late, where no other comes; and twice. */
  | 'swapped'
  /** It says that it has them, and keeps them. */
  | 'lost';

export interface RelayedWebhook {
  readonly event: string;
  readonly room: string;
  readonly identity: string | undefined;
  /** When LiveKit says that its participant has joined. */
  readonly joinedAtMs: number;
}

export interface WebhookRelay {
  /** For LiveKit: where it listens. */
  readonly url: string;
  /** All that LiveKit has sent, in its order. */
  readonly sent: readonly RelayedWebhook[];
  /** All that our server has had and answered, in the order of its answers. */
  readonly handed: readonly (RelayedWebhook & { readonly status: number })[];
  go(way: Way): void;
  /** Whether nothing waits to be handed on. */
  isEmpty(): boolean;
  /** Hands on once more all that there ever was about this room, the latest first; each has its answer then. */
  repeat(room: string): Promise<void>;
  stop(): Promise<void>;
}

const HELD_MS = 10_000;

interface Webhook extends RelayedWebhook {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

export async function startWebhookRelay(toUrl: string): Promise<WebhookRelay> {
  const sent: Webhook[] = [];
  const handed: (RelayedWebhook & { status: number })[] = [];
  let way: Way = 'straight';
  let held: { release(): void } | undefined;
  let underWay = 0;

  async function hand({ body, headers, ...webhook }: Webhook): Promise<void> {
    const answer = await fetch(toUrl, { method: 'POST', headers, body: new Uint8Array(body) });
    await answer.arrayBuffer();
    handed.push({ ...webhook, status: answer.status });
  }
  const twice = async (webhook: Webhook) => {
    await Promise.all([hand(webhook), hand(webhook)]);
  };

  async function swap(webhook: Webhook): Promise<void> {
    if (!webhook.event.startsWith('participant_')) return hand(webhook);
    if (held !== undefined) {
      const before = held;
      held = undefined;
      await twice(webhook);
      before.release();
      return;
    }
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const own = { release };
    held = own;
    await Promise.race([released, delay(HELD_MS, undefined, { ref: false })]);
    if (held === own) held = undefined;
    await twice(webhook);
  }

  const WAYS: Readonly<Record<Way, (webhook: Webhook) => Promise<void>>> = {
    straight: hand,
    doubled: twice,
    swapped: swap,
    async lost() {},
  };

  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    const { authorization = '', 'content-type': type = '' } = request.headers;
    const webhook = {
      ...readWebhook(body),
      body,
      headers: { authorization, 'content-type': type },
    };
    sent.push(webhook);
    // LiveKit sends the next of a room when it has this answer.
    response.end();
    underWay += 1;
    await WAYS[way](webhook).catch(() => handed.push({ ...readWebhook(body), status: 0 }));
    underWay -= 1;
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    sent,
    handed,
    go(next) {
      way = next;
    },
    isEmpty: () => underWay === 0,
    async repeat(room) {
      const all = sent.filter((webhook) => webhook.room === room);
      for (const webhook of all.toReversed()) await hand(webhook);
    },
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}

function readWebhook(body: Buffer): RelayedWebhook {
  const { event, room, participant } = JSON.parse(body.toString()) as {
    event: string;
    room?: { name: string };
    participant?: { identity: string; joinedAtMs?: string };
  };
  return {
    event,
    room: room?.name ?? '',
    identity: participant?.identity,
    joinedAtMs: Number(participant?.joinedAtMs),
  };
}
