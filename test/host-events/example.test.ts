// The receiver in examples/, told by the whole switchboard.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { comes } from '../events/stage.ts';
import { MOUNTS, type Mount } from '../mounts.ts';
import { type Stage, setStage } from '../stage.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/call-events/server.js', import.meta.url));
const SECRET = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;

let example: ChildProcess;
let origin: string;
let stage: Stage;

beforeAll(async () => {
  example = spawn(process.execPath, [EXAMPLE], {
    env: { WEBHOOK_SECRET: SECRET, PORT: '0', TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await once(example.stdout as NonNullable<typeof example.stdout>, 'data');
  origin = `http://127.0.0.1:${/listening on port (\d+)/.exec(String(said))?.[1]}`;
  stage = await setStage(MOUNTS[0] as Mount, {
    database: 'sqlite::memory:',
    ringAccess: 'any',
    webhookUrls: [`${origin}/call-events`],
    webhookSecret: SECRET,
    webhookAllowedHosts: ['127.0.0.1'],
  });
});
afterAll(async () => {
  await stage?.close();
  const gone = once(example, 'exit');
  example.kill();
  await gone;
});

async function post(uid: string, path: string, body: object): Promise<{ call: { id: string } }> {
  const base = stage.tokenUrl.replace(/\/livekit-token$/, '');
  const response = await fetch(`${base}${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${stage.idToken({ sub: uid })}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ deviceId: `${uid}-phone`, ...body }),
  });
  expect(response.ok).toBe(true);
  return (await response.json()) as { call: { id: string } };
}
const place = async (context: string, kind = 'audio') =>
  (await post('alice', '', { callees: ['bob'], kind, context })).call.id;

async function textsIn(chat: string): Promise<string[]> {
  const response = await fetch(`${origin}/chats/${chat}`);
  const messages = (await response.json()) as { text: string }[];
  return messages.map(({ text }) => text);
}
/** Time passes in small steps until it stands there. */
const shows = (chat: string, text: RegExp, stepMs = 100) =>
  comes(async () => {
    if ((await textsIn(chat)).some((shown) => text.test(shown))) return true;
    stage.clock.advance(stepMs);
    return false;
  });

describe('the receiver in examples/', () => {
  it('writes into the chat that a call was missed, and when', async () => {
    await place('chat-1');
    const at = new Date(stage.clock.now()).toISOString().slice(11, 16);
    await shows('chat-1', /^Calling \(call\)$/);
    await shows('chat-1', /^Missed/, 1_000);
    expect(await textsIn('chat-1')).toEqual([`Missed call, ${at}`]);
  });

  it('writes that a call was declined', async () => {
    const id = await place('chat-4');
    await post('bob', `/${id}/decline`, { reason: 'declined' });
    await shows('chat-4', /^Declined call, \d\d:\d\d$/);
    expect(await textsIn('chat-4')).toHaveLength(1);
  });

  it('writes of a call that was answered no more than LiveKit has proved', async () => {
    const id = await place('chat-2', 'video');
    await post('bob', `/${id}/accept`, {});
    await shows('chat-2', /^In a video call$/);
    await post('alice', `/${id}/leave`, {});
    await shows('chat-2', /^Video call$/);
    expect(await textsIn('chat-2')).toHaveLength(1);
  });

  describe('when it is told by somebody who knows the secret', () => {
    const webhook = new Webhook(SECRET);
    const call = {
      ...{ id: randomUUID(), kind: 'audio', context: 'chat-3', caller: 'alice' },
      ...{ state: 'ended', outcome: 'answered', talkSeconds: 200 },
    };
    const tell = async (event: { id: string; sequence: number; call: object }, sign = webhook) => {
      const body = JSON.stringify(event);
      const at = new Date();
      const response = await fetch(`${origin}/call-events`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'webhook-id': event.id,
          'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
          'webhook-signature': sign.sign(event.id, at, body),
        },
        body,
      });
      return response.status;
    };

    it('writes how long they have talked, takes an event once, and none that is older than what it knows', async () => {
      expect(await tell({ id: 'evt_4', sequence: 4, call })).toBe(204);
      expect(await textsIn('chat-3')).toEqual(['Call, 3 min 20 s']);
      expect(await tell({ id: 'evt_4', sequence: 4, call: { ...call, talkSeconds: 1 } })).toBe(204);
      const ringing = { ...call, state: 'ringing' };
      expect(await tell({ id: 'evt_1', sequence: 1, call: ringing })).toBe(204);
      expect(await textsIn('chat-3')).toEqual(['Call, 3 min 20 s']);
    });

    it.each([
      ['missed', 'Missed call, 14:02'],
      ['declined', 'Declined call, 14:02'],
      ['busy', 'Missed call (busy), 14:02'],
      ['cancelled', 'Cancelled call, 14:02'],
      ['failed', 'Failed call, 14:02'],
    ])('has words of its own for a call that was %s', async (outcome, text) => {
      const { talkSeconds: _none, ...rest } = call;
      const ended = {
        ...{ ...rest, id: randomUUID(), context: `chat-${outcome}`, outcome },
        createdAt: '2026-05-04T14:02:11.000Z',
      };
      expect(await tell({ id: `evt_${outcome}`, sequence: 2, call: ended })).toBe(204);
      expect(await textsIn(`chat-${outcome}`)).toEqual([text]);
    });

    it('believes nobody else', async () => {
      const other = new Webhook(Buffer.alloc(32, 8).toString('base64'));
      expect(await tell({ id: 'evt_9', sequence: 9, call }, other)).toBe(401);
      expect(await textsIn('chat-3')).toEqual(['Call, 3 min 20 s']);
    });
  });
});
