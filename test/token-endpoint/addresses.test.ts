// What failures are counted by, and how much of it is kept.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { addressKey } from '../../src/admission/client-address.ts';
import { createRateLimit } from '../../src/limits/rate-limit.ts';
import type { SwitchboardOptions } from '../../src/settings/options.ts';
import { compose } from '../../src/switchboard.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { sendJson, startFirebaseAdmin } from '../fakes/firebase-admin.ts';
import { heapInUse } from '../fakes/heap.ts';
import { listen, MOUNTS, type Mount } from '../mounts.ts';
import { LIVEKIT_KEY, LIVEKIT_SECRET, type Stage, setStage } from '../stage.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const open = async (options: SwitchboardOptions, mount = MOUNTS[1] as Mount): Promise<Stage> => {
  const stage = await setStage(mount, options);
  cleanups.push(stage.close);
  return stage;
};

describe('the key of an address', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:203.0.113.7', '203.0.113.7'],
    ['::ffff:cb00:7107', '203.0.113.7'],
    ['0:0:0:0:0:ffff:cb00:7107', '203.0.113.7'],
    ['0000::ffff:203.0.113.7%eth0', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8::', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['64:ff9b::203.0.113.7', '64:ff9b:0:0::/64'],
    ['1:2:3:4:5:6:203.0.113.7', '1:2:3:4::/64'],
    ['::ffff:0:203.0.113.7', '0:0:0:0::/64'],
    ['::203.0.113.7', '0:0:0:0::/64'],
    ['1::ffff:203.0.113.7', '1:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('%s is %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });

  it('has nothing of a zone, however long', () => {
    expect(addressKey(`fe80::1%${'x'.repeat(15_000)}`)).toBe('fe80:0:0:0::/64');
  });

  it('is one for all that is no address', () => {
    const none = [
      undefined,
      '',
      'unknown',
      '_hidden',
      '203.0.113',
      '203.0.113.256',
      '1:2:3',
      '::ffff:1.2.3',
      '1::2::3',
      '%eth0',
      'x'.repeat(15_000),
      `${':'.repeat(15_000)}1`,
    ];
    expect(new Set(none.map(addressKey))).toEqual(new Set(['no address']));
  });
});

describe('the failures of clients behind a proxy', () => {
  const fail = async (stage: Stage, forwarded: string) =>
    (await stage.ask({ token: 'x', headers: { 'x-forwarded-for': forwarded } })).status;

  it.each([MOUNTS[0], MOUNTS[1]] as Mount[])(
    'count together where it names no address: $name',
    async (mount) => {
      const stage = await open({ trustProxy: 1, authFailuresPerMinute: 2 }, mount);
      expect(await fail(stage, 'x'.repeat(8_000))).toBe(403);
      expect(await fail(stage, 'unknown')).toBe(403);
      expect(await fail(stage, 'y'.repeat(8_000))).toBe(429);
      expect(await fail(stage, '203.0.113.1')).toBe(403);
    },
  );

  it('take no memory for the header around the address', () => {
    const limit = createRateLimit(1, createFakeClock());
    const before = heapInUse();
    for (let i = 0; i < 2_000; i += 1) {
      const header = Buffer.alloc(15_000, 'x').toString('latin1');
      const address = `${header}, 203.100.${100 + (i >> 7)}.${100 + (i & 127)}`.slice(15_002);
      limit.take(addressKey(address));
    }
    // With their headers they are 30 MB.
    expect(heapInUse() - before).toBeLessThan(5_000_000);
    expect(limit.waitSeconds('203.100.100.100')).toBe(60);
  });
});

describe('a client that leaves before its refusal', () => {
  it('is counted by its address all the same', async () => {
    const google = await startFirebaseAdmin();
    cleanups.push(google.close);
    const found = { users: [{ localId: 'alice', validSince: '0' }] };
    google.on('accounts:lookup', (_body, response) => sendJson(response, 200, found));
    const stage = await open({});
    const { switchboard } = compose(
      {
        firebaseProjectId: 'demo-switchboard',
        firebaseKeysUrl: stage.keys.url,
        firebaseApp: google.app,
        checkRevoked: true,
        authFailuresPerMinute: 1,
        livekitApiKey: LIVEKIT_KEY,
        livekitApiSecret: LIVEKIT_SECRET,
        logger: stage.log,
      },
      stage.clock,
    );
    let left = Promise.withResolvers<unknown>();
    const server = createServer((request, response) => {
      left.resolve(once(request.socket, 'close'));
      switchboard.handler(request, response);
    });
    const { origin, close } = await listen(server);
    cleanups.push(close, switchboard.stop);
    const ask = async (authorization: string, signal?: AbortSignal) =>
      (
        await fetch(`${origin}/api/calls/livekit-token`, {
          method: 'POST',
          headers: { authorization, connection: 'close' },
          signal: signal ?? null,
        })
      ).status;

    const token = `Bearer ${stage.idToken()}`;
    // Known from now on: nobody looks at the address of its next request.
    expect(await ask(token)).toBe(415);
    stage.clock.advance(60_000);
    left = Promise.withResolvers();
    const asked = Promise.withResolvers<() => void>();
    google.on('accounts:lookup', (_body, response) =>
      asked.resolve(() => sendJson(response, 200, { users: [] })),
    );
    const leaving = new AbortController();
    const gone = ask(token, leaving.signal).catch(() => 'gone');
    const answer = await asked.promise;
    leaving.abort();
    await left.promise;
    answer();
    expect(await gone).toBe('gone');
    // A request without a token is no failure of its own.
    await expect.poll(() => ask('')).toBe(429);
    expect(stage.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
