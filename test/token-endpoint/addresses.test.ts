// What failures are counted by, and how much of it is kept.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
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
    ['203.0.113.7:50123', '203.0.113.7'],
    ['"203.0.113.7:50123"', '203.0.113.7'],
    ['[2001:db8:1:2::9]:443', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2::9]', '2001:db8:1:2::/64'],
    ['"[2001:db8:1:2::9%eth0]:443"', '2001:db8:1:2::/64'],
    ['[::ffff:203.0.113.7]:443', '203.0.113.7'],
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
      '203.0.113.7:',
      '203.0.113.7:123456',
      '[203.0.113.7',
      '[]:443',
      '[2001:db8::1]:x',
      `${'1'.repeat(15_000)}:1`,
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

  it.each([
    ['a port, as Azure writes it', '203.0.113.1:5001', '203.0.113.1:5002', '203.0.113.2:5001'],
    ['a port and brackets', '[2001:db8::1]:5001', '[2001:db8::2]:443', '[2001:db9::1]:5001'],
  ])('count by the address, without %s', async (_what, address, again, another) => {
    const stage = await open({ trustProxy: 1, authFailuresPerMinute: 1 });
    expect(await fail(stage, address)).toBe(403);
    expect(await fail(stage, again)).toBe(429);
    expect(await fail(stage, another)).toBe(403);
  });

  it('count by the first from the right that is no listed proxy, in whatever form', async () => {
    const trustProxy = ['127.0.0.1', '10.0.0.0/8', '172.64.0.0/13', '2001:db8:ffff::/48'];
    const stage = await open({ trustProxy, authFailuresPerMinute: 1 });
    const ways = [
      '203.0.113.1',
      '203.0.113.1, 172.70.247.28',
      '198.51.100.9, 203.0.113.1, 172.70.247.28:443, 10.19.6.53',
      '203.0.113.1,[2001:db8:ffff::7]:80 , ::ffff:10.0.0.1',
    ];
    expect(await fail(stage, ways[0] as string)).toBe(403);
    for (const way of ways) expect(await fail(stage, way), way).toBe(429);
    // Nobody but proxies: the furthest of them.
    expect(await fail(stage, '10.9.9.9, 10.1.1.1')).toBe(403);
    expect(await fail(stage, '10.9.9.9')).toBe(429);
  });

  it('take no time, however many proxies a client makes up', async () => {
    const stage = await open({ trustProxy: ['127.0.0.1', '10.0.0.0/8'], authFailuresPerMinute: 1 });
    const many = Array(1_500).fill('10.0.0.1').join(',');
    expect(await fail(stage, `203.0.113.1,${many}`)).toBe(403);
    expect(await fail(stage, `203.0.113.2,${many}`)).toBe(429);
  });

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

describe('a count of proxies that can’t be right', () => {
  /** What Render sends: its own balancer has the last word, and Cloudflare stands in front of it. */
  const RENDER = '203.0.113.1, 172.70.247.28, 10.19.6.53';
  const warnings = async (options: SwitchboardOptions, ...forwarded: string[]) => {
    const stage = await open(options);
    for (const header of forwarded) {
      await stage.ask({ token: 'x', headers: { 'x-forwarded-for': header } });
    }
    const lines = stage.log.lines.filter(({ message }) => /TRUST_PROXY|trust proxy/.test(message));
    expect(JSON.stringify(lines)).not.toMatch(/203\.0|172\.70|10\.19/);
    return lines.map(({ fields, message }) => ({ ...fields, message }));
  };

  it.each([
    ['none, where there are some', 0, RENDER, /TRUST_PROXY is 0/, 0],
    ['one too few: a private address', 1, RENDER, /was a private one.*is found by 3/, 1],
    ['one too few: Cloudflare’s', 2, RENDER, /was one of Cloudflare’s.*is found by 3/, 2],
    ['one too few: no address', 1, '203.0.113.1, unknown', /was no address at all/, 1],
    ['one too many', 3, '203.0.113.1, 172.70.247.28', /fewer entries than TRUST_PROXY=3/, 2],
    ['a list that lacks one', ['127.0.0.1'], RENDER, /does not list that proxy/, 1],
  ])('is said once: %s', async (_what, trustProxy, forwarded, sentence, taken) => {
    const entries = forwarded.split(',').length;
    expect(await warnings({ trustProxy }, forwarded, forwarded)).toEqual([
      { entries, taken, message: expect.stringMatching(sentence) },
    ]);
  });

  it('is not seen where it is right, whatever a client has written in front', async () => {
    expect(await warnings({ trustProxy: 3 }, RENDER, `10.0.0.1, ${RENDER}`)).toEqual([]);
    expect(await warnings({ trustProxy: 1 }, '10.0.0.1', '10.0.0.1, 203.0.113.1')).toEqual([]);
    const ranges = ['127.0.0.1', '10.0.0.0/8', '172.64.0.0/13'];
    expect(await warnings({ trustProxy: ranges }, RENDER, `1.1.1.1, ${RENDER}`)).toEqual([]);
  });

  it('does not take what a Worker at Cloudflare has written for a client’s address', async () => {
    const stage = await open({
      trustProxy: ['127.0.0.1', '162.158.0.0/15', '2400:cb00::/32'],
      authFailuresPerMinute: 1,
    });
    const fail = (forged: string) =>
      stage.ask({
        token: 'x',
        headers: { 'x-forwarded-for': `${forged}, 2a06:98c0:3600::103, 162.158.1.1` },
      });
    expect((await fail('6.6.6.6')).status).toBe(403);
    expect((await fail('6.6.6.7')).status).toBe(429);
  });

  it('is said where a proxy sends the header that is not read', async () => {
    const stage = await open({ trustProxy: 1 });
    for (let i = 0; i < 2; i += 1) {
      await stage.ask({ token: 'x', headers: { forwarded: 'for=203.0.113.9' } });
    }
    const told = stage.log.lines.filter(({ message }) => message.startsWith('Forwarded '));
    expect(told).toHaveLength(1);
  });

  it('is said of a host’s own trust proxy too', async () => {
    const mount = MOUNTS.find(({ name }) => name === 'Express 5 before its parser') as Mount;
    const stage = await open({}, mount);
    await stage.ask({ token: 'x', headers: { 'x-forwarded-for': '203.0.113.1' } });
    const [line] = stage.log.lines.filter(({ message }) => /trust proxy/.test(message));
    expect(line?.message).toMatch(/was a private one.*set the host’s trust proxy right/);
  });
});

describe('render.yaml', () => {
  it('trusts those that stand before an app at Render, two or three of them, and no client', async () => {
    const file = readFileSync(join(import.meta.dirname, '../../render.yaml'), 'utf8');
    const trusted = /- key: TRUST_PROXY\n +value: "(.+)"/.exec(file)?.[1]?.split(',') ?? [];
    expect(trusted).toContain('10.0.0.0/8');
    // The test's own connection stands for Render's.
    const stage = await open({ trustProxy: [...trusted, '127.0.0.1'], authFailuresPerMinute: 1 });
    const fail = async (forwarded: string) =>
      (await stage.ask({ token: 'x', headers: { 'x-forwarded-for': forwarded } })).status;
    expect(await fail('203.0.113.1, 172.70.247.28, 10.19.6.53')).toBe(403);
    expect(await fail('203.0.113.1, 172.70.247.29')).toBe(429);
    expect(await fail('2.2.2.2,203.0.113.1, 172.70.247.28, 10.19.6.54')).toBe(429);
    expect(await fail('203.0.113.2, 172.70.247.28, 10.19.6.53')).toBe(403);
  });
});

describe('a header in which the platform names the client', () => {
  const options = { clientAddressHeader: 'Fly-Client-IP', authFailuresPerMinute: 1 } as const;
  const fail = async (stage: Stage, headers: Record<string, string>) =>
    (await stage.ask({ token: 'x', headers })).status;

  it.each(MOUNTS.filter(({ onlyOneRoute }) => !onlyOneRoute))(
    'is what failures are counted by: $name',
    async (mount) => {
      const stage = await open(options, mount);
      const forwarded = { 'x-forwarded-for': '198.51.100.1' };
      expect(await fail(stage, { ...forwarded, 'fly-client-ip': '203.0.113.1' })).toBe(403);
      expect(await fail(stage, { ...forwarded, 'fly-client-ip': '203.0.113.1:99' })).toBe(429);
      expect(await fail(stage, { ...forwarded, 'fly-client-ip': '203.0.113.2' })).toBe(403);
    },
  );

  it('counts as if it were not set where it is missing, came twice or holds no address', async () => {
    const stage = await open({ ...options, trustProxy: 1 });
    const forwarded = { 'x-forwarded-for': '198.51.100.1' };
    expect(await fail(stage, forwarded)).toBe(403);
    for (const given of ['203.0.113.1, 203.0.113.2', 'unknown', '']) {
      expect(await fail(stage, { ...forwarded, 'fly-client-ip': given }), given).toBe(429);
    }
    const told = stage.log.lines.filter(({ message }) => message.includes('fly-client-ip'));
    expect(told).toHaveLength(1);
  });

  it('is believed from the listed proxies alone, where there is a list', async () => {
    const far = await open({ ...options, trustProxy: ['10.0.0.0/8'] });
    expect(await fail(far, { 'fly-client-ip': '203.0.113.1' })).toBe(403);
    expect(await fail(far, { 'fly-client-ip': '203.0.113.2' })).toBe(429);
    const near = await open({ ...options, trustProxy: ['127.0.0.0/8'] });
    expect(await fail(near, { 'fly-client-ip': '203.0.113.1' })).toBe(403);
    expect(await fail(near, { 'fly-client-ip': '203.0.113.2' })).toBe(403);
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
