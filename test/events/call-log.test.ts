// The one line at the end of each call, whoever has ended it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { SwitchboardOptions } from '../../src/settings/options.ts';
import { type CallStage, PLAIN, setCallStage } from '../call-stage.ts';
import { comes, turns } from './stage.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function open(options?: SwitchboardOptions): Promise<CallStage> {
  const stage = await setCallStage(PLAIN, options);
  cleanups.push(stage.close);
  return stage;
}

function file(): string {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-call-log-'));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  return `sqlite:${join(folder, 'calls.db')}`;
}

const told = (stage: CallStage, about: string) =>
  stage.log.lines.filter(({ message }) => message === about);
const ends = (stage: CallStage) => told(stage, 'a call has ended');

async function pass(stages: readonly CallStage[], seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    for (const { clock } of stages) clock.advance(1_000);
    await turns();
  }
}

const passUntilEnd = (stage: CallStage) =>
  comes(() => {
    stage.clock.advance(1_000);
    return ends(stage).length > 0;
  });

/** Both are there, and LiveKit has said so. */
async function talk(stage: CallStage): Promise<{ id: string; room: string }> {
  const { call } = await stage.place('alice', ['bob'], { context: 'chat-7', data: { a: 'topic' } });
  await stage.accept('bob', call.id);
  stage.clock.advance(1_000);
  await comes(() => stage.livekit.rooms().length === 1);
  const room = stage.livekit.rooms()[0]?.name as string;
  for (const uid of ['alice', 'bob']) {
    const present = stage.livekit.enter(room, uid);
    const participant = { ...present, joinedAtMs: String(present.joinedAtMs) };
    await send(stage, 'participant_joined', { room, participant });
  }
  return { id: call.id, room };
}

async function send(stage: CallStage, ...what: Parameters<CallStage['livekit']['webhook']>) {
  const { body, headers } = await stage.livekit.webhook(...what);
  const url = `${stage.baseUrl}/livekit-webhook`;
  expect((await fetch(url, { method: 'POST', body, headers: { ...headers } })).status).toBe(200);
}

it('a ring that nobody answers', async () => {
  const stage = await open();
  const { call } = await stage.place('alice', ['bob', 'carol']);
  await pass([stage], 60);
  await comes(() => ends(stage).length > 0);
  await pass([stage], 60);
  expect(ends(stage)).toEqual([
    {
      level: 'info',
      message: 'a call has ended',
      fields: { callId: call.id, outcome: 'missed', reason: 'ring_timeout', parties: 3 },
    },
  ]);
});

it('a decline, however often it is sent', async () => {
  const stage = await open();
  const { call } = await stage.place('alice', ['bob']);
  const decline = () => stage.as('bob', 'POST', `/${call.id}/decline`);
  await Promise.all([decline(), decline()]);
  await stage.as('alice', 'POST', `/${call.id}/leave`);
  expect(ends(stage).map(({ fields }) => fields)).toEqual([
    { callId: call.id, outcome: 'declined', reason: 'declined', parties: 2 },
  ]);
});

it('a call that ends as it is placed, since the callee is in another one', async () => {
  const stage = await open();
  await talk(stage);
  const { call } = await stage.place('carol', ['bob']);
  expect(ends(stage).map(({ fields }) => fields)).toEqual([
    { callId: call.id, outcome: 'busy', reason: 'busy', parties: 2 },
  ]);
});

it('an end that nobody has asked for: both have gone, and their room', async () => {
  const stage = await open();
  const { id, room } = await talk(stage);
  await pass([stage], 5);
  for (const uid of ['alice', 'bob']) stage.livekit.depart(room, uid);
  await send(stage, 'room_finished', { room });
  await passUntilEnd(stage);
  await pass([stage], 30);
  expect(ends(stage)).toHaveLength(1);
  expect(ends(stage)[0]?.fields).toMatchObject({
    ...{ callId: id, outcome: 'answered', parties: 2 },
    talkSeconds: expect.any(Number),
  });
});

it('a call as long as may be', async () => {
  const stage = await open({ maxCallSeconds: 60 });
  await talk(stage);
  await passUntilEnd(stage);
  await pass([stage], 30);
  expect(ends(stage)).toMatchObject([{ fields: { reason: 'max_duration', parties: 2 } }]);
});

it('is told by one of two instances', async () => {
  const database = file();
  const [one, other] = [await open({ database }), await open({ database })];
  const { call } = await one.place('alice', ['bob']);
  const all = () => [...ends(one), ...ends(other)];
  await pass([one, other], 60);
  await comes(() => all().length > 0);
  await pass([one, other], 60);
  expect(all()).toMatchObject([{ fields: { callId: call.id, reason: 'ring_timeout' } }]);
});

it('what led there is told at debug, once each', async () => {
  const stage = await open();
  const { id } = await talk(stage);
  await stage.accept('bob', id);
  expect([...told(stage, 'a call was placed'), ...told(stage, 'a call was answered')]).toEqual([
    {
      level: 'debug',
      message: 'a call was placed',
      fields: { callId: id, kind: 'audio', parties: 2 },
    },
    { level: 'debug', message: 'a call was answered', fields: { callId: id, parties: 2 } },
  ]);
});

it('holds neither people nor the room nor what it is about', async () => {
  const stage = await open();
  const { id, room } = await talk(stage);
  await stage.as('alice', 'POST', `/${id}/end`);
  const lines = JSON.stringify(stage.log.lines.filter(({ message }) => /^a call /.test(message)));
  expect(lines).toContain(id);
  for (const secret of ['alice', 'bob', room, 'chat-7', 'topic']) {
    expect(lines).not.toContain(secret);
  }
});
