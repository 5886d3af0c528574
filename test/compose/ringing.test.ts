// From a request to a phone in the pocket and back, over a whole switchboard whose host sends pushes.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { HostCallEvent } from '../../src/events/host/message.ts';
import type { PushToSend, SendPushAnswer } from '../../src/ringing/host-sender.ts';
import type { SwitchboardOptions } from '../../src/settings/options.ts';
import { type CallStage, PLAIN, setCallStage } from '../call-stage.ts';
import { setStage } from '../stage.ts';

const cleanups: (() => unknown)[] = [];
/** What the host's sender was given, in its order. */
let pushes: PushToSend[];
/** What it answers. */
let answer: (push: PushToSend) => SendPushAnswer | Promise<SendPushAnswer>;
beforeEach(() => {
  pushes = [];
  answer = () => 'handed';
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function open(options: SwitchboardOptions = {}): Promise<CallStage> {
  const stage = await setCallStage(PLAIN, options);
  cleanups.push(stage.close);
  return stage;
}

const sendPush = (push: PushToSend) => {
  pushes.push(push);
  return answer(push);
};
const withSender = (options: SwitchboardOptions = {}) => open({ sendPush, ...options });

/** Loops gather for a moment what is due: time passes until it is so. */
const until = (stage: CallStage, isSo: () => unknown) =>
  vi.waitFor(async () => {
    stage.clock.advance(50);
    await isSo();
  });

/** In which order phones are told is nobody's promise. */
const heard = () => pushes.map(({ type, device }) => `${type} ${device.installationId}`).toSorted();
const ringOf = (installation: string): PushToSend => {
  const push = pushes.find(
    ({ type, device }) => type === 'ring' && device.installationId === installation,
  );
  if (push === undefined) throw new Error('it did not ring');
  return push;
};
const ticketOf = (push: PushToSend): string => push.data.ticket ?? '';

describe('a host’s own sender', () => {
  it('rings all phones, whose tickets open the call, and stops those on which nobody answers', async () => {
    const stage = await withSender();
    await stage.register('bob', 'phone');
    await stage.register('bob', 'tablet');
    const { call } = await stage.place('alice', ['bob'], { context: 'chat-1' });
    expect(call.reach).toBe(1);
    await until(stage, () => expect(heard()).toEqual(['ring phone', 'ring tablet']));
    const { data, device, to, ttlSeconds } = ringOf('phone');
    expect({ to, device, ttlSeconds }).toEqual({
      to: 'bob',
      ttlSeconds: 45,
      device: {
        installationId: 'phone',
        platform: 'android',
        kind: 'fcm_token',
        value: 'token-of-phone',
      },
    });
    expect(data).toMatchObject({ id: call.id, nameCaller: 'Alice', context: 'chat-1' });
    expect(Object.keys(data)).not.toContain('token');

    const ticket = ticketOf(ringOf('phone'));
    expect((await stage.show(ticket, 'POST', `/${call.id}/alerting`)).status).toBe(200);
    const seen = await stage.as('alice', 'GET', `/${call.id}`);
    expect(seen.call.parties[1]).toMatchObject({ isAlerting: true });

    const body = { deviceId: 'bob-phone' };
    expect((await stage.show(ticket, 'POST', `/${call.id}/accept`, body)).status).toBe(200);
    await until(stage, () => expect(heard()).toContain('stop_ring tablet'));
    const stop = pushes.find(({ type }) => type === 'stop_ring');
    expect(stop?.data).toMatchObject({ id: call.id, cause: 'answered_elsewhere' });
    expect(stop).not.toHaveProperty('body');
    expect(heard()).toEqual(['ring phone', 'ring tablet', 'stop_ring tablet']);
    expect(await stage.switchboard.metrics()).toMatch(
      /switchboard_rings_alerting_total\{platform="android"\} 1/,
    );
  });

  it('shows a missed call, in the words of the host', async () => {
    const stage = await withSender({
      missedCallText: ({ callerName }) => ({ title: `${callerName}`, body: 'tried to reach you' }),
    });
    await stage.register('bob', 'phone');
    const { call } = await stage.place('alice', ['bob']);
    await until(stage, () => expect(heard()).toEqual(['ring phone']));
    await stage.as('alice', 'POST', `/${call.id}/leave`);
    await until(stage, () => expect(heard()).toContain('stop_ring phone'));
    expect(pushes.at(-1)).toMatchObject({ title: 'Alice', body: 'tried to reach you' });
  });

  it('says nothing of anybody where the payload is minimal', async () => {
    const stage = await withSender({ pushPayload: 'minimal' });
    await stage.register('bob', 'phone');
    await stage.place('alice', ['bob'], { context: 'chat-1' });
    await until(stage, () => expect(heard()).toEqual(['ring phone']));
    expect(JSON.stringify({ ...pushes[0], to: '' })).not.toMatch(/alice|chat-1/i);
  });

  it('is not asked about a phone that it calls gone any more', async () => {
    answer = () => 'gone';
    const stage = await withSender();
    await stage.register('bob', 'phone');
    const first = await stage.place('alice', ['bob']);
    await until(stage, () => expect(heard()).toEqual(['ring phone']));
    await stage.as('alice', 'POST', `/${first.call.id}/leave`);
    await until(stage, async () => {
      const { call } = await stage.place('alice', ['bob']);
      expect(call.reach).toBe(0);
      await stage.as('alice', 'POST', `/${call.id}/leave`);
    });
    expect(heard()).toEqual(['ring phone']);
  });

  it('names by profileOf, which no hang-up undoes', async () => {
    const stage = await withSender({ profileOf: (uid) => ({ name: `Dr. ${uid}` }) });
    await stage.register('bob', 'phone');
    const { call } = await stage.place('alice', ['bob']);
    await until(stage, () => expect(heard()).toEqual(['ring phone']));
    expect(ringOf('phone').data.nameCaller).toBe('Dr. alice');
    await stage.accept('bob', call.id);
    await stage.as('alice', 'POST', `/${call.id}/leave`);
    const { call: seen } = await stage.as('bob', 'GET', `/${call.id}`);
    expect(seen.parties.map(({ name }) => name)).toEqual(['Dr. alice', 'Dr. bob']);
  });

  it('names by the access answer', async () => {
    const stage = await withSender({
      authorizeRoom: ({ user, isCallee }) => ({
        allow: true,
        user: isCallee ? {} : { profile: { name: `${user.uid} of the chat` } },
      }),
    });
    await stage.register('bob', 'phone');
    await stage.place('alice', ['bob'], { context: 'chat-1' });
    await until(stage, () => expect(heard()).toEqual(['ring phone']));
    expect(ringOf('phone').data.nameCaller).toBe('alice of the chat');
  });
});

describe('what is kept to be pushed', () => {
  /** Rows of pushes that are still to be done, once a ring has begun and is over. */
  async function rowsLeft(options: SwitchboardOptions): Promise<unknown> {
    const folder = mkdtempSync(join(tmpdir(), 'ringing-'));
    cleanups.push(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'calls.db');
    const stage = await open({ database: `sqlite:${file}`, ...options });
    await stage.register('bob', 'phone');
    const { call } = await stage.place('alice', ['bob']);
    await stage.as('alice', 'POST', `/${call.id}/leave`);
    const database = new DatabaseSync(file, { readOnly: true });
    const row = database.prepare('SELECT count(*) AS count FROM push_effects').get();
    database.close();
    return row?.count;
  }

  it('is nothing where nobody sends', async () => {
    expect(await rowsLeft({ fcm: false })).toBe(0);
  });

  it('is a ring and its end where somebody does', async () => {
    expect(await rowsLeft({ sendPush })).toBe(2);
  });
});

describe('the host', () => {
  it('hears of a call by onCallEvent, in order, and has it in its hands', async () => {
    const events: HostCallEvent[] = [];
    const stage = await withSender({ onCallEvent: (event) => void events.push(event) });
    await stage.register('bob', 'phone');
    const { calls } = stage.switchboard;
    const placed = await calls.place({ caller: 'alice', callees: ['bob'], kind: 'video' });
    await until(stage, () => expect(heard()).toEqual(['ring phone']));
    expect((await calls.liveOf('bob')).map(({ id }) => id)).toEqual([placed.id]);
    expect(await calls.end(placed.id)).toMatchObject({
      state: 'ended',
      reason: 'ended_by_host_app',
    });
    await until(stage, () => expect(events.at(-1)?.type).toBe('call.ended'));
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, at) => at + 1));
    expect(events[0]).toMatchObject({ type: 'call.placed', call: { id: placed.id } });
  });

  it('hears of a call by webhook, signed', async () => {
    const heardBy: { type: string; signature: unknown }[] = [];
    const backend = createServer(async (request, response) => {
      const { type } = (await json(request)) as { type: string };
      heardBy.push({ type, signature: request.headers['webhook-signature'] });
      response.end();
    });
    await new Promise<void>((done) => backend.listen(0, '127.0.0.1', done));
    cleanups.push(() => new Promise((done) => backend.close(done)));
    const { port } = backend.address() as AddressInfo;
    const stage = await withSender({
      webhookUrls: [`http://127.0.0.1:${port}/calls`],
      webhookSecret: `whsec_${Buffer.alloc(32, 3).toString('base64')}`,
      webhookAllowedHosts: ['127.0.0.1'],
    });
    await stage.place('alice', ['bob']);
    await until(stage, () => expect(heardBy).toHaveLength(1));
    expect(heardBy).toEqual([{ type: 'call.placed', signature: expect.stringMatching(/^v1,/) }]);
  });

  it('gives a call that it places the name that it knows', async () => {
    const stage = await withSender({ profileOf: () => ({ name: 'The clinic' }) });
    await stage.register('bob', 'phone');
    await stage.switchboard.calls.place({ caller: 'clinic', callees: ['bob'], kind: 'audio' });
    await until(stage, () => expect(heard()).toEqual(['ring phone']));
    expect(ringOf('phone').data.nameCaller).toBe('The clinic');
  });

  it('has somebody erased: his phone rings no more, and its ticket is good for nothing', async () => {
    const stage = await withSender();
    await stage.register('bob', 'phone');
    const { call } = await stage.place('alice', ['bob']);
    await until(stage, () => expect(heard()).toEqual(['ring phone']));
    const ticket = ticketOf(ringOf('phone'));
    expect(await stage.switchboard.calls.eraseUser('bob')).toMatchObject({ leftCalls: 1 });
    expect(await stage.show(ticket, 'GET', `/${call.id}`)).toMatchObject({
      status: 403,
      code: 'ticket_invalid',
    });
    const again = await stage.place('alice', ['bob']);
    expect(again.call.reach).toBe(0);
    expect(await stage.switchboard.calls.eraseUser('bob')).toMatchObject({ leftCalls: 1 });
  });

  it('is told by the name of the option that there are no calls', async () => {
    const stage = await setStage(PLAIN, {});
    cleanups.push(stage.close);
    const { calls } = stage.switchboard;
    for (const refused of [
      calls.place({ caller: 'alice', callees: ['bob'], kind: 'audio' }),
      calls.end('x'),
      calls.get('x'),
      calls.liveOf('alice'),
      calls.eraseUser('alice'),
    ]) {
      await expect(refused).rejects.toThrow(/database/);
    }
  });

  it('is refused while the house stops', async () => {
    const stage = await open();
    await stage.switchboard.stop();
    await expect(stage.switchboard.calls.liveOf('alice')).rejects.toMatchObject({
      code: 'stopping',
    });
  });
});

describe('a stop', () => {
  it('leaves nothing behind, whatever a sender does', async () => {
    const stage = await withSender({ onCallEvent: () => new Promise(() => {}) });
    answer = () => new Promise(() => {});
    await stage.register('bob', 'phone');
    await stage.place('alice', ['bob']);
    await until(stage, () => expect(heard()).toEqual(['ring phone']));
    const stopped = stage.switchboard.stop();
    await vi.waitFor(async () => {
      stage.clock.advance(1_000);
      await Promise.race([stopped, Promise.reject(new Error('not yet'))]);
    });
    expect(stage.clock.waiting()).toEqual([]);
  });
});
