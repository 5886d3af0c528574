// The loop that tells the host: what it does when he is there, and when he is not.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Call } from '../../src/calls/call.ts';
import type { HostCallEvent } from '../../src/events/host/message.ts';
import { createHostEventMetrics } from '../../src/events/host/metrics.ts';
import { comes } from '../events/stage.ts';
import { createFakeClock } from '../fakes/clock.ts';
import {
  ALICE,
  BOB,
  type HostStage,
  type Receiver,
  setHostStage,
  startReceiver,
  webhooksTo,
} from './stage.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

let receiver: Receiver;
beforeEach(async () => {
  receiver = await openReceiver();
});

async function openReceiver(): Promise<Receiver> {
  const opened = await startReceiver();
  cleanups.push(opened.close);
  return opened;
}

async function open(...given: Parameters<typeof setHostStage>): Promise<HostStage> {
  const stage = await setHostStage(...given);
  cleanups.push(stage.close);
  await stage.loop.start();
  return stage;
}

/** Time passes in small steps until it is so. */
const until = (stage: HostStage, isTrue: () => boolean | Promise<boolean>, stepMs = 50) =>
  comes(async () => {
    if (await isTrue()) return true;
    stage.clock.advance(stepMs);
    return false;
  });
const come = (stage: HostStage, count: number, to = receiver) =>
  until(stage, () => to.questions.length >= count);
/** Until all was told and that is written down. */
const settled = (stage: HostStage, stepMs?: number) =>
  until(stage, async () => (await stage.store.nextDueMs('host')) === undefined, stepMs);

/** Lets the next try come, the `tries`th. Answers how long it has to wait for. */
async function pauseAfter(stage: HostStage, tries: number): Promise<number> {
  await until(stage, () => stage.tried.length === tries);
  const ms = (await stage.store.nextDueMs('host')) ?? 0;
  stage.clock.advance(ms);
  return ms;
}

const DOWN = { status: 503, text: 'down' };
const WELL = { status: 204, text: '' };
const MISSED = ['1 call.placed', '2 call.declined', '3 call.ended'];

async function missedCall(stage: HostStage, caller = 'alice', callee = 'bob'): Promise<Call> {
  const call = await stage.place(caller, callee);
  await stage.decline(call, callee as typeof BOB);
  return call;
}

describe('the events of a call', () => {
  it('come in their order, each once, with the call as it was then', async () => {
    const stage = await open(webhooksTo(receiver));
    const call = await stage.place('alice', 'bob');
    await stage.accept(call, BOB);
    await stage.leave(call, ALICE);
    await settled(stage);
    expect(receiver.told).toEqual([
      ...['1 call.placed', '2 call.accepted', '3 call.left', '4 call.ended'],
    ]);
    expect(receiver.events.map((event) => [event.id, event.uid, event.call.state])).toEqual([
      [`evt_${call.id}_1`, undefined, 'ringing'],
      [`evt_${call.id}_2`, 'bob', 'active'],
      [`evt_${call.id}_3`, 'alice', 'ended'],
      [`evt_${call.id}_4`, undefined, 'ended'],
    ]);
    expect(stage.tried).toEqual(Array(4).fill({ target: 'webhook', result: 'done' }));
    expect(stage.warnings()).toEqual([]);
  });

  it('are those of what happened before the start too', async () => {
    const stage = await setHostStage(webhooksTo(receiver));
    cleanups.push(stage.close);
    await missedCall(stage);
    await stage.loop.start();
    await settled(stage);
    expect(receiver.told).toEqual(MISSED);
  });

  it('hold names, which are looked up when they are told', async () => {
    const stage = await open(webhooksTo(receiver));
    const call = await stage.place('alice', 'bob');
    await settled(stage);
    await stage.store.change(
      { callId: call.id, people: [], profile: { uid: ALICE, name: 'Alice Example' } },
      ({ call: known }) => ({
        changed: known ? [{ call: known, seenBy: new Map([[ALICE, 'joined']]), effects: [] }] : [],
        result: undefined,
      }),
    );
    await stage.decline(call, BOB);
    await settled(stage);
    const names = receiver.events.map((event) => event.call.parties[0]?.name);
    expect(names).toEqual([undefined, 'Alice Example', 'Alice Example']);
  });

  it('wait behind the first that is not taken, and those of other calls do not', async () => {
    const stage = await open(webhooksTo(receiver));
    receiver.answerWith(DOWN);
    const call = await missedCall(stage);
    await come(stage, 1);
    expect(receiver.told).toEqual(['1 call.placed']);
    await missedCall(stage, 'carol', 'dave');
    await come(stage, 2);
    receiver.answerWith(WELL);
    await settled(stage);
    const ofFirst = receiver.events.filter((event) => event.call.id === call.id);
    const tries = ofFirst.filter(({ sequence }) => sequence === 1).length;
    expect(tries).toBeGreaterThan(1);
    expect(ofFirst.map(({ sequence }) => sequence)).toEqual([...Array(tries).fill(1), 2, 3]);
    expect(new Set(ofFirst.slice(0, tries).map(({ id }) => id)).size).toBe(1);
  });

  it('are told to each target by itself: one that hangs is in nobody’s way', async () => {
    const other = await openReceiver();
    const seen: string[] = [];
    const onCallEvent = (event: HostCallEvent) => void seen.push(event.type);
    const stage = await open({ ...webhooksTo(receiver, other), onCallEvent });
    receiver.answerWith('hang');
    for (let call = 0; call < 40; call += 1) await missedCall(stage, `a${call}`, `b${call}`);
    await come(stage, 32, receiver);
    await stage.pass(12_000);
    await come(stage, 120, other);
    await until(stage, () => seen.length === 120);
    expect(new Set(receiver.told)).toEqual(new Set(['1 call.placed']));
  });

  it('reach a function of the host, which is waited for', async () => {
    const seen: string[] = [];
    const gate = Promise.withResolvers<void>();
    const stage = await open({
      async onCallEvent({ sequence, type }) {
        seen.push(`${sequence} ${type}`);
        if (sequence === 1) await gate.promise;
      },
    });
    await missedCall(stage);
    await until(stage, () => seen.length === 1);
    await stage.pass(3_000);
    expect(seen).toEqual(['1 call.placed']);
    gate.resolve();
    await settled(stage);
    expect(seen).toEqual(MISSED);
  });
});

describe('what is not taken', () => {
  it.each([
    ['refuses', DOWN, 'it answered 503'],
    ['is gone', { status: 410, text: '' }, 'it answered 410'],
    ['sends them elsewhere', { status: 302, headers: { location: '/' }, text: '' }, '302'],
    ['closes the connection', 'refuse', 'ECONNRESET'],
    ['hangs', 'hang', 'no answer within 10000 ms'],
  ] as const)('is sent again when the receiver %s', async (_, answering, reason) => {
    const stage = await open(webhooksTo(receiver));
    receiver.answerWith(answering);
    await missedCall(stage);
    await come(stage, 1);
    await until(stage, () => stage.warnings().length > 0, 1_000);
    receiver.answerWith(WELL);
    await settled(stage);
    expect([...new Set(receiver.told)]).toEqual(MISSED);
    const host = new URL(receiver.url).host;
    expect(stage.log.lines.map(({ level, message }) => [level, message])).toEqual([
      ['warn', `${host} does not take events of calls: they are kept and sent again`],
      ['info', `${host} takes events of calls again`],
    ]);
    expect(stage.log.lines[0]?.fields).toEqual({
      target: host,
      reason: expect.stringContaining(reason),
    });
  });

  it('is sent again where the host’s function fails or hangs', async () => {
    const seen: string[] = [];
    let outcome: 'throw' | 'hang' | 'well' = 'throw';
    let aborted = 0;
    const stage = await open({
      onCallEvent({ sequence }, signal) {
        seen.push(`${sequence} ${outcome}`);
        signal.addEventListener('abort', () => {
          aborted += 1;
        });
        if (outcome === 'throw') throw new Error('a fault of the host');
        return outcome === 'hang' ? new Promise(() => {}) : undefined;
      },
    });
    await missedCall(stage);
    await until(stage, () => stage.warnings().length === 1);
    outcome = 'hang';
    await until(stage, () => seen.length === 2);
    expect(aborted).toBe(0);
    await stage.pass(10_000);
    expect(aborted).toBe(1);
    outcome = 'well';
    await settled(stage);
    expect(seen).toEqual(['1 throw', '1 hang', '1 well', '2 well', '3 well']);
    expect(stage.warnings()).toMatchObject([
      { fields: { target: 'onCallEvent', err: { message: 'a fault of the host' } } },
    ]);
  });

  it('comes at growing distances, of an hour at last', async () => {
    const stage = await open(webhooksTo(receiver));
    receiver.answerWith(DOWN);
    await stage.place('alice', 'bob');
    const pauses: number[] = [];
    for (let tries = 1; tries <= 15; tries += 1) pauses.push(await pauseAfter(stage, tries));
    const seconds = pauses.map((ms) => ms / 1000);
    expect(seconds).toEqual([
      ...[1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600, 3600],
    ]);
  });

  it('comes when the receiver asks for it, within an hour', async () => {
    const stage = await open(webhooksTo(receiver));
    receiver.answerWith({ status: 429, headers: { 'retry-after': '120' }, text: '' });
    await stage.place('alice', 'bob');
    await come(stage, 1);
    await comes(async () => ((await stage.store.nextDueMs('host')) ?? 0) > 100_000);
    receiver.answerWith({ status: 503, headers: { 'retry-after': '86400' }, text: '' });
    await stage.pass(120_000);
    await come(stage, 2);
    await comes(async () => ((await stage.store.nextDueMs('host')) ?? 0) > 3_500_000);
    expect(await stage.store.nextDueMs('host')).toBeLessThanOrEqual(3_600_000);
  });

  it('is given up after three days, told once, and sent again when that is asked for', async () => {
    const stage = await open(webhooksTo(receiver));
    receiver.answerWith(DOWN);
    const call = await missedCall(stage);
    let waited = 0;
    for (let tries = 1; tries < 84; tries += 1) waited += await pauseAfter(stage, tries);
    expect(waited / 86_400_000).toBeCloseTo(3, 1);
    const errors = () => stage.log.lines.filter(({ level }) => level === 'error');
    expect(errors()).toEqual([]);
    await until(stage, () => stage.tried.length === 84);
    expect(errors()).toEqual([
      {
        level: 'error',
        fields: {
          callId: call.id,
          ...{ event: 'call.placed', tries: 84, target: new URL(receiver.url).host },
        },
        message: expect.stringContaining('`livekit-switchboard webhooks redeliver`'),
      },
    ]);
    // Those behind it have their turn.
    receiver.answerWith(WELL);
    await settled(stage);
    expect(receiver.told.slice(-2)).toEqual(MISSED.slice(1));
    expect(await stage.store.redeliverHostEvents()).toBe(1);
    await settled(stage);
    expect(receiver.told.at(-1)).toBe('1 call.placed');
    expect(await stage.store.redeliverHostEvents()).toBe(0);
  });

  it('waits where its target is none of this instance’s, for one that knows it', async () => {
    const clock = createFakeClock();
    const folder = mkdtempSync(join(tmpdir(), 'switchboard-host-events-'));
    cleanups.push(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'calls.db');
    const one = await open(webhooksTo(receiver), { path, clock });
    await one.loop.stop();
    await missedCall(one);
    const stranger = await open({ onCallEvent: () => {} }, { path, clock });
    await until(stranger, () => stranger.tried.length > 0);
    expect(stranger.tried[0]).toEqual({ target: 'unknown', result: 'failed' });
    expect(stranger.warnings()).toEqual([]);
    await stranger.loop.stop();
    const other = await open(webhooksTo(receiver), { path, clock });
    await settled(other);
    expect(receiver.told).toEqual(MISSED);
  });
});

describe('a process that dies', () => {
  it('between the commit and the delivery leaves the events to the next one', async () => {
    const clock = createFakeClock();
    const folder = mkdtempSync(join(tmpdir(), 'switchboard-host-events-'));
    cleanups.push(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'calls.db');
    const dead = await setHostStage(webhooksTo(receiver), { path, clock });
    cleanups.push(dead.close);
    await missedCall(dead);
    // It has taken the first, and tells nobody.
    expect(await dead.store.leaseEffects('host', 32, 25_000)).toHaveLength(1);
    const next = await open(webhooksTo(receiver), { path, clock });
    clock.advance(20_000);
    await next.pass(1_000);
    expect(receiver.told).toEqual([]);
    await settled(next);
    expect(receiver.told).toEqual(MISSED);
  });

  it('by its own will waits a second for a receiver that hangs, and hands the event on', async () => {
    const stage = await open(webhooksTo(receiver));
    receiver.answerWith('hang');
    await stage.place('alice', 'bob');
    await come(stage, 1);
    const stopped = stage.loop.stop();
    stage.clock.advance(1_000);
    await stopped;
    expect(await stage.store.nextDueMs('host')).toBe(0);
    expect(stage.warnings()).toEqual([]);
    await comes(async () => (await receiver.open()) === 0);
  });
});

describe('what is measured and logged', () => {
  it('holds no secret, no path and no query', async () => {
    const url = `${receiver.url}/T0K3N?key=hunter2`;
    const stage = await open(webhooksTo({ url }));
    receiver.answerWith(DOWN);
    await missedCall(stage);
    await until(stage, () => stage.warnings().length > 0);
    receiver.answerWith('refuse');
    await come(stage, 3);
    receiver.answerWith(WELL);
    await settled(stage);
    expect(JSON.stringify(stage.log.lines)).not.toMatch(/T0K3N|hunter2|whsec|BQUF|bob|alice/);
  });

  it('counts tries by target and result, and what waits longer than a minute', async () => {
    const stage = await open(webhooksTo(receiver));
    const registry = new Registry();
    const metrics = createHostEventMetrics(registry, ['app']);
    metrics.watchWaiting(stage.loop.waitingLong);
    const waiting = async () =>
      /switchboard_host_events_waiting (\d+)/.exec(await registry.metrics())?.[1];
    receiver.answerWith(DOWN);
    await missedCall(stage);
    await missedCall(stage, 'carol', 'dave');
    await come(stage, 2);
    expect(await waiting()).toBe('0');
    const start = receiver.questions.length;
    await stage.pass(70_000);
    await comes(() => receiver.questions.length > start);
    expect(await waiting()).toBe('2');
    receiver.answerWith(WELL);
    await settled(stage, 1_000);
    expect(await waiting()).toBe('0');
    for (const one of stage.tried) metrics.tried(one);
    expect(await registry.metrics()).toContain(
      'switchboard_host_events_total{target="webhook",result="done"} 6',
    );
  });

  it('forgets what another instance has told meanwhile', async () => {
    const stage = await open(webhooksTo(receiver));
    receiver.answerWith(DOWN);
    await stage.place('alice', 'bob');
    await until(stage, () => stage.tried.length === 1);
    await stage.loop.stop();
    stage.clock.advance(61_500);
    expect(stage.loop.waitingLong()).toBe(0);
  });
});
