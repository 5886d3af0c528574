// Limits that hold over two instances, counted in a real Redis that comes, hangs and goes.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFakeLog } from '../fakes/log.ts';
import { MOUNTS } from '../mounts.ts';
import { type Stage, setStage } from '../stage.ts';
import { type Child, startChild } from './child.ts';
import { freeTcpPorts } from './ports.ts';
import { until } from './until.ts';

const PER_MINUTE = 4;
let port: number;
let redis: Child;
let one: Stage;
let other: Stage;

async function startRedis(): Promise<Child> {
  const child = startChild({
    command: 'redis-server',
    args: ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    env: { PATH: process.env.PATH },
  });
  await child.says(/Ready to accept connections/);
  return child;
}

const instance = () =>
  setStage(MOUNTS[0] as (typeof MOUNTS)[0], {
    redisUrl: `redis://127.0.0.1:${port}`,
    tokenRatePerMinute: PER_MINUTE,
    authFailuresPerMinute: PER_MINUTE,
    logger: createFakeLog(),
  });

/** Status of a request by a user of its own name, at one of the instances. */
const status = async (stage: Stage, uid: string) =>
  (
    await stage.ask({
      token: stage.idToken({ sub: uid }),
      body: { roomName: 'room-1', participantIdentity: uid },
    })
  ).status;

const fallbacks = async (stage: Stage) =>
  Number(/shared_limit_fallbacks_total (\d+)/.exec(await stage.switchboard.metrics())?.[1]);

/** Until an instance has counted a request in Redis alone. */
let users = 0;
const shared = (stage: Stage) =>
  until('the limits are shared', async () => {
    const before = await fallbacks(stage);
    users += 1;
    await status(stage, `probe-${users}`);
    return (await fallbacks(stage)) === before;
  });

beforeAll(async () => {
  [port] = (await freeTcpPorts(1)) as [number];
  redis = await startRedis();
  one = await instance();
  other = await instance();
  await shared(one);
  await shared(other);
});

afterAll(async () => {
  await one?.close();
  await other?.close();
  await redis?.stop();
});

describe('two instances with one Redis', () => {
  it('share their limits from the first request on, started or not', async () => {
    const fresh = await instance();
    const statuses = await Promise.all(['x', 'y', 'z'].map((uid) => status(fresh, uid)));
    expect(statuses).toEqual([200, 200, 200]);
    expect(await fallbacks(fresh)).toBe(0);
    await fresh.close();
  });

  it('count the requests of a user together', async () => {
    const statuses = [];
    for (const stage of [one, other, one, other, one, other])
      statuses.push(await status(stage, 'alice'));
    expect(statuses).toEqual([200, 200, 200, 200, 429, 429]);
    expect(await status(other, 'bob')).toBe(200);
  });

  it('tell how long to wait', async () => {
    for (let i = 0; i < PER_MINUTE; i += 1) await status(one, 'carol');
    const { headers, body } = await other.ask({
      token: other.idToken({ sub: 'carol' }),
      body: { roomName: 'room-1', participantIdentity: 'carol' },
    });
    const wait = Number(headers.get('retry-after'));
    expect(wait).toBeGreaterThan(50);
    expect(wait).toBeLessThanOrEqual(60);
    expect(body.error).toBe(`Too many requests. Try again in ${wait} s.`);
  });

  it('count the failures of an address together', async () => {
    const codes = [];
    for (const stage of [one, other, one, other, one]) {
      codes.push((await stage.ask({ token: 'nonsense' })).body.code);
    }
    expect(codes).toEqual([...Array(4).fill('id_token_invalid'), 'rate_limited']);
  });

  it('count each by itself while Redis hangs, and together when it goes on', async () => {
    redis.process.kill('SIGSTOP');
    const asked = status(one, 'dora');
    // The fake clock is what a hanging Redis is timed by.
    const turning = setInterval(() => one.clock.advance(250), 20);
    expect(await asked).toBe(200);
    clearInterval(turning);
    expect(await fallbacks(one)).toBeGreaterThan(0);
    redis.process.kill('SIGCONT');
    await shared(one);
  });

  it('count each by itself while Redis is away, and together when it is back', async () => {
    await redis.stop();
    const statuses = [];
    for (let i = 0; i < 5; i += 1)
      statuses.push(await status(one, 'emil'), await status(other, 'emil'));
    expect(statuses).toEqual([...Array(8).fill(200), 429, 429]);
    redis = await startRedis();
    await shared(one);
    await shared(other);
    const again = [];
    for (const stage of [one, other, one, other, one]) again.push(await status(stage, 'fred'));
    expect(again).toEqual([200, 200, 200, 200, 429]);
  });
});
