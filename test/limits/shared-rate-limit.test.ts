// Redis out of reach, hanging, or talking nonsense: this process counts by itself. What Redis does
// when it is well is asked of a real one, end to end.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createSharedLimits, type SharedLimits } from '../../src/limits/shared-rate-limit.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { freePort } from '../fakes/free-port.ts';
import { createFakeLog } from '../fakes/log.ts';
import { MOUNTS } from '../mounts.ts';
import { setStage } from '../stage.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Something that listens where Redis should. */
async function standIn(onData: (socket: Socket, data: Buffer) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (data) => onData(socket, data));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Where a command begins, of those that came together. */
const COMMAND = /(?=\*\d+\r\n\$)/;

/** A Redis whose every window holds this, and the names of the windows that it was asked about. */
async function answeringRedis({ consumed, ms }: { consumed: number; ms: number }) {
  const INFO = 'redis_version:7.0.0';
  let said = '';
  const answerTo = (command: string): string => {
    if (/\r\ninfo\r\n/i.test(command)) return `$${INFO.length}\r\n${INFO}\r\n`;
    if (/\r\neval(?:sha)?\r\n/i.test(command)) return `*2\r\n:${consumed}\r\n:${ms}\r\n`;
    if (/\r\nexec\r\n/i.test(command)) return `*2\r\n$1\r\n${consumed}\r\n:${ms}\r\n`;
    return /\r\n(?:get|pttl)\r\n/i.test(command) ? '+QUEUED\r\n' : '+OK\r\n';
  };
  const url = await standIn((socket, data) => {
    said += data;
    for (const command of data.toString().split(COMMAND)) socket.write(answerTo(command));
  });
  return { url, said: () => said, names: () => new Set(said.match(/switchboard:.*/g)) };
}

const nobody = async () => `redis://127.0.0.1:${await freePort()}`;

function make(redisUrl: string) {
  const clock = createFakeClock();
  const log = createFakeLog();
  const onFallback = vi.fn();
  const limits: SharedLimits = createSharedLimits({ redisUrl, clock, log, onFallback });
  cleanups.push(() => limits.stop());
  return { clock, log, onFallback, limits };
}

describe('limits shared over Redis', () => {
  it.each([
    ['refuses connections', nobody],
    ['breaks off', () => standIn((socket) => socket.destroy())],
    ['talks nonsense', () => standIn((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'))],
    [
      'refuses every command',
      () => standIn((socket) => socket.write('-NOAUTH Authentication required.\r\n')),
    ],
  ])('are counted in this process while Redis %s', async (_case, redis) => {
    const { clock, limits, log, onFallback } = make(await redis());
    await limits.start();
    const limit = limits.limit('token', 2);
    const first = limit.take('a');
    // The first request may wait a quarter of a second for the connection; the others don't.
    clock.advance(250);
    const waits = [await first, await limit.take('a'), await limit.take('a')];
    expect(waits).toEqual([0, 0, 60]);
    expect(await limit.waitSeconds('a')).toBe(60);
    expect(await limit.waitSeconds('b')).toBe(0);
    expect(onFallback).toHaveBeenCalledTimes(5);
    // One line an outage, however many requests it meets.
    expect(log.lines.map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'Redis is out of reach: this process counts the limits by itself'],
    ]);
  });

  it('forget one who is to be forgotten: in this process, while Redis is away', async () => {
    const { clock, limits } = make(await nobody());
    await limits.start();
    const limit = limits.limit('token', 1);
    const first = limit.take('a');
    clock.advance(250);
    expect([await first, await limit.take('a')]).toEqual([0, 60]);
    await limit.forget('a');
    expect(await limit.take('a')).toBe(0);
  });

  it('forget one who is to be forgotten in Redis', async () => {
    const redis = await answeringRedis({ consumed: 1, ms: 60_000 });
    const { limits, onFallback } = make(redis.url);
    await limits.start();
    await limits.limit('token', 2).forget('a');
    expect(redis.said()).toMatch(/\r\ndel\r\n\$\d+\r\nswitchboard:token:a\r\n/i);
    expect(onFallback).not.toHaveBeenCalled();
  });

  it.each([
    ['a wrong password', '-WRONGPASS invalid username-password pair or user is disabled.\r\n'],
    ['no password', '-NOAUTH HELLO must be called with the client already authenticated\r\n'],
    ['a missing permission', "-NOPERM this user has no permissions to run the 'hello' command\r\n"],
    ['a database that is not there', '-ERR DB index is out of range\r\n'],
  ])('log %s as the reason, and never what was sent', async (_case, refusal) => {
    const url = await standIn((socket, data) => {
      for (const _command of data.toString().split(COMMAND)) socket.write(refusal);
    });
    const { clock, limits, log } = make(url.replace('//', '//default:hunter2@'));
    await limits.start();
    const taken = limits.limit('token', 2).take('uid-of-somebody');
    // The refusal comes well before; the time-out is for who never answers.
    await vi.waitFor(() => expect(log.lines).not.toEqual([])).catch(() => clock.advance(250));
    await taken;
    const [line] = log.lines;
    expect(line?.fields).toMatchObject({ err: { message: refusal.slice(1, -2) } });
    expect(inspect(log.lines, { depth: null })).not.toMatch(/hunter2|uid-of-somebody/);
  });

  it('wait a quarter of a second for Redis and no longer', async () => {
    const asked = Promise.withResolvers<void>();
    const INFO = 'redis_version:7.0.0';
    // Answers what a client asks when it connects, and nothing after that.
    const url = await standIn((socket, data) => {
      for (const command of data.toString().split(/(?=\*\d+\r\n)/)) {
        if (/evalsha|eval|rlflxIncr/i.test(command)) asked.resolve();
        else if (/info\r\n/.test(command)) socket.write(`$${INFO.length}\r\n${INFO}\r\n`);
        else socket.write('+OK\r\n');
      }
    });
    const { clock, limits, onFallback } = make(url);
    await limits.start();
    const limit = limits.limit('token', 1);
    // Connecting takes a moment, in which this process counts.
    let waiting: Promise<number> | undefined;
    await vi.waitFor(async () => {
      waiting = Promise.resolve(limit.take(`${Math.random()}`));
      const settled = await Promise.race([
        waiting.then(() => true),
        asked.promise.then(() => false),
      ]);
      expect(settled).toBe(false);
    });
    const before = onFallback.mock.calls.length;
    clock.advance(250);
    expect(await waiting).toBe(0);
    expect(onFallback).toHaveBeenCalledTimes(before + 1);
  });

  it('connect once, however often start is called, and leave nothing open', async () => {
    const sockets = new Set<Socket>();
    const asked = Promise.withResolvers<void>();
    const url = await standIn((socket) => {
      sockets.add(socket);
      asked.resolve();
    });
    const { limits } = make(url);
    await Promise.all([limits.start(), limits.start()]);
    await asked.promise;
    limits.stop();
    await vi.waitFor(() => expect([...sockets].map(({ closed }) => closed)).toEqual([true]));
  });

  it('ask Redis by their own names: users and addresses never share a count', async () => {
    const redis = await answeringRedis({ consumed: 1, ms: 60_000 });
    const stage = await setStage(MOUNTS[1] as (typeof MOUNTS)[1], { redisUrl: redis.url });
    cleanups.push(stage.close);
    expect((await stage.ask({ token: 'x' })).status).toBe(403);
    const uid = ' Alice ';
    const body = { roomName: 'room-1', participantIdentity: uid };
    expect((await stage.ask({ token: stage.idToken({ sub: uid }), body })).status).toBe(200);
    expect(redis.names()).toEqual(
      new Set(['switchboard:auth-failures:127.0.0.1', 'switchboard:token: Alice ']),
    );
    // One more, in a window of 60 seconds.
    expect(redis.said()).toContain('switchboard:token: Alice \r\n$1\r\n1\r\n$2\r\n60\r\n');
  });

  it.each([
    [
      { consumed: 1, ms: 30_000 },
      { waitSeconds: 0, take: 0 },
    ],
    // Reached: nothing is refused yet, and the next one would be.
    [
      { consumed: 2, ms: 30_000 },
      { waitSeconds: 30, take: 0 },
    ],
    [
      { consumed: 3, ms: 29_001 },
      { waitSeconds: 30, take: 30 },
    ],
    // The window ends while the answer is under way.
    [
      { consumed: 3, ms: 0 },
      { waitSeconds: 1, take: 1 },
    ],
  ])('go by what Redis says: %j', async (says, waits) => {
    const redis = await answeringRedis(says);
    const { limits, onFallback } = make(redis.url);
    await limits.start();
    const limit = limits.limit('token', 2);
    expect({ waitSeconds: await limit.waitSeconds('a'), take: await limit.take('a') }).toEqual(
      waits,
    );
    expect(onFallback).not.toHaveBeenCalled();
  });

  it.each([
    // Five in all: the first of its minute.
    [{ consumed: 5, ms: 60_000 }, 0, false],
    // Five on top of one: refused, and given back for cheaper ones.
    [{ consumed: 6, ms: 30_000 }, 30, true],
  ])('count what each costs: %j', async (says, wait, isGivenBack) => {
    const redis = await answeringRedis(says);
    const { limits } = make(redis.url);
    await limits.start();
    expect(await limits.limit('rings', 2).take('a', 5)).toBe(wait);
    expect(redis.said().includes('switchboard:rings:a\r\n$2\r\n-5\r\n')).toBe(isGivenBack);
  });

  it('take a connection on which nothing comes back for lost, and open another', async () => {
    const seen = new Set<Socket>();
    const forgotten = new Set<Socket>();
    const url = await standIn((socket, data) => {
      seen.add(socket);
      if (forgotten.has(socket)) return;
      for (const command of data.toString().split(COMMAND)) {
        if (/\r\ninfo\r\n/i.test(command)) socket.write('$19\r\nredis_version:7.0.0\r\n');
        else socket.write(/\r\neval/i.test(command) ? '*2\r\n:1\r\n:60000\r\n' : '+OK\r\n');
      }
    });
    const { limits, onFallback, clock } = make(url);
    await limits.start();
    const limit = limits.limit('token', 2);
    expect([await limit.take('a'), onFallback.mock.calls.length]).toEqual([0, 0]);
    for (const socket of seen) forgotten.add(socket);
    const before = seen.size;
    const taken = limit.take('b');
    const turning = setInterval(() => clock.advance(250), 20);
    expect(await taken).toBe(0);
    clearInterval(turning);
    expect(onFallback).toHaveBeenCalledTimes(1);
    await expect.poll(() => seen.size, { timeout: 8_000 }).toBe(before + 1);
  }, 15_000);

  it('hold in a whole switchboard whose Redis is away, and metrics count it', async () => {
    const stage = await setStage(MOUNTS[0] as (typeof MOUNTS)[0], {
      redisUrl: await nobody(),
      tokenRatePerMinute: 1,
    });
    cleanups.push(stage.close);
    expect((await stage.ask()).status).toBe(200);
    const second = await stage.ask();
    expect([second.status, second.body.code]).toEqual([429, 'rate_limited']);
    expect(await stage.switchboard.metrics()).toMatch(
      /^switchboard_shared_limit_fallbacks_total [1-9]/m,
    );
  });
});
