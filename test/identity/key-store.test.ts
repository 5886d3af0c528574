import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createKeyStore, type KeyStore } from '../../src/identity/key-store.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { jwkOf, signingKey } from '../fakes/firebase.ts';
import { type KeyAnswer, type KeyEndpoint, startKeyEndpoint } from '../fakes/key-endpoint.ts';
import { createFakeLog, type FakeLog } from '../fakes/log.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const first = signingKey('google-key-1');
const second = signingKey('google-key-2');

let endpoint: KeyEndpoint;
let clock: FakeClock;
let log: FakeLog;
let keys: KeyStore;

beforeEach(async () => {
  endpoint = await startKeyEndpoint([first]);
  endpoint.sendHeaders({ 'cache-control': 'public, max-age=3600' });
  clock = createFakeClock(0);
  log = createFakeLog();
  keys = createKeyStore({ url: endpoint.url, clock, log });
});
afterEach(async () => {
  keys.stop();
  await endpoint.close();
});

const kindOf = async (kid: string) => (await keys.find(kid)).kind;
/** Whether the key is in hand, so that no fetch is needed to answer. */
const isInHand = (kid: string) => !(keys.find(kid) instanceof Promise);
const until = (condition: () => void | Promise<void>) =>
  vi.waitFor(condition, { timeout: 5_000, interval: 2 });
const requestsToBe = (count: number) => until(() => expect(endpoint.requests).toBe(count));
/** Every fetch that ended, well or not, has left its line. */
const fetchesEnded = (count: number) => until(() => expect(log.lines.length).toBe(count));
/** Lets time pass to the very moment of the next background fetch. */
const untilNextFetch = () => clock.advance(clock.waiting()[0] as number);

describe('keys are fetched', () => {
  it('at start, so that the first look-up finds them in hand', async () => {
    await keys.start();
    expect(isInHand('google-key-1')).toBe(true);
    expect(await kindOf('google-key-1')).toBe('found');
    expect(endpoint.requests).toBe(1);
  });

  it('once, however often start is called', async () => {
    await Promise.all([keys.start(), keys.start()]);
    await keys.start();
    expect(endpoint.requests).toBe(1);
  });

  it('by the first look-up, where nobody has called start', async () => {
    expect(await kindOf('google-key-1')).toBe('found');
    expect(endpoint.requests).toBe(1);
  });

  it('once for a hundred look-ups at the same time', async () => {
    const looks = Array.from({ length: 100 }, () => kindOf('google-key-1'));
    expect(new Set(await Promise.all(looks))).toEqual(new Set(['found']));
    expect(endpoint.requests).toBe(1);
  });

  it('once for start and the look-ups that come meanwhile', async () => {
    const looks = [keys.start(), kindOf('google-key-1'), kindOf('nobody')];
    expect(await Promise.all(looks)).toEqual([undefined, 'found', 'unknown']);
    expect(endpoint.requests).toBe(1);
  });

  it('once for the look-ups and a start that comes meanwhile', async () => {
    const looks = [kindOf('google-key-1'), keys.start()];
    expect(await Promise.all(looks)).toEqual(['found', undefined]);
    expect(endpoint.requests).toBe(1);
  });

  it('by several, each found by its id', async () => {
    endpoint.publish(first, second);
    await keys.start();
    for (const key of [first, second]) {
      const found = await keys.find(key.kid);
      expect(found.kind === 'found' && found.key.equals(key.publicKey)).toBe(true);
    }
  });
});

describe('a fetch fails', () => {
  const failures: KeyAnswer[] = ['refuse', 'error', 'redirect', 'empty', 'nonsense', 'huge'];

  it.each(failures)('where the endpoint answers with: %s', async (answer) => {
    endpoint.answerWith(answer);
    expect(await keys.find('google-key-1')).toEqual({
      kind: 'unavailable',
      cause: expect.any(Error),
    });
    expect(endpoint.requests).toBe(1);
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { keysInHand: 0 } }]);
  });

  it.each<KeyAnswer>(['hang', 'hang-halfway'])('after 5 s of: %s', async (answer) => {
    endpoint.answerWith(answer);
    const look = kindOf('google-key-1');
    await requestsToBe(1);
    clock.advance(5 * SECOND - 1);
    expect(clock.waiting()).toEqual([1]);
    clock.advance(1);
    expect(await look).toBe('unavailable');
    await until(async () => expect(await endpoint.connections()).toBe(0));
  });

  it('at once where an error has no end, and nothing of it stays open', async () => {
    endpoint.answerWith('endless-error');
    expect(await kindOf('google-key-1')).toBe('unavailable');
    await until(async () => expect(await endpoint.connections()).toBe(0));
  });

  it('without start rejecting', async () => {
    endpoint.answerWith('error');
    await expect(keys.start()).resolves.toBeUndefined();
  });

  it('and leaves the keys in hand as they were', async () => {
    await keys.start();
    endpoint.answerWith('empty');
    expect(await kindOf('nobody')).toBe('unavailable');
    expect(isInHand('google-key-1')).toBe(true);
  });

  it.each([
    ['an RSA key of 1,024 bits', jwkOf(signingKey('key', 'RSA-1024'))],
    ['an elliptic key', jwkOf(signingKey('key', 'EC'))],
    ['a key for encryption', { ...jwkOf(second), kid: 'key', use: 'enc' }],
    ['a key for another algorithm', { ...jwkOf(second), kid: 'key', alg: 'RS512' }],
    ['a key without a modulus', { kid: 'key', kty: 'RSA', e: 'AQAB' }],
    ['a key without an id', { ...jwkOf(second), kid: undefined }],
    ['a shared secret', { kid: 'key', kty: 'oct', k: 'c2VjcmV0' }],
    ['a list', ['key']],
  ])('where all it lists is %s', async (_, jwk) => {
    endpoint.publish(jwk);
    expect(await kindOf('key')).toBe('unavailable');
    endpoint.publish(first, jwk);
    clock.advance(30 * SECOND);
    expect(await kindOf('key')).toBe('unknown');
    expect(isInHand('google-key-1')).toBe(true);
  });
});

describe('the lifetime of the keys', () => {
  const google = 'public, max-age=3600, must-revalidate, no-transform';

  // Measured by its end: keys in hand serve for exactly one day beyond it.
  it.each([
    { headers: { 'cache-control': google }, ms: HOUR },
    { headers: { 'cache-control': google, age: '600' }, ms: 50 * MINUTE },
    { headers: { 'cache-control': google, age: '4000' }, ms: MINUTE },
    { headers: { 'cache-control': google, age: 'old' }, ms: HOUR },
    { headers: { 'cache-control': 'Max-Age="7200"' }, ms: 2 * HOUR },
    { headers: { 'cache-control': 's-maxage=7200' }, ms: MINUTE },
    { headers: { 'cache-control': 'max-age=5' }, ms: MINUTE },
    { headers: { 'cache-control': 'max-age=60' }, ms: MINUTE },
    { headers: { 'cache-control': 'max-age=86400' }, ms: DAY },
    { headers: { 'cache-control': 'max-age=99999999999999999999' }, ms: DAY },
    { headers: { 'cache-control': 'max-age=soon' }, ms: MINUTE },
    { headers: { 'cache-control': 'no-store' }, ms: MINUTE },
    { headers: {}, ms: MINUTE },
  ])('with $headers is $ms ms', async ({ headers, ms }) => {
    endpoint.sendHeaders(headers as Record<string, string>);
    await kindOf('google-key-1');
    endpoint.answerWith('refuse');
    clock.advance(ms + DAY - 1);
    expect(isInHand('google-key-1')).toBe(true);
    clock.advance(1);
    expect(isInHand('google-key-1')).toBe(false);
  });

  it('is told in seconds since the last good fetch', async () => {
    expect(keys.ageSeconds()).toBeUndefined();
    await keys.start();
    clock.advance(90 * SECOND);
    expect(keys.ageSeconds()).toBe(90);
    endpoint.answerWith('error');
    await kindOf('nobody');
    expect(keys.ageSeconds()).toBe(90);
  });
});

describe.each([
  ['back', -30 * DAY],
  ['forward', 30 * DAY],
])('when the clock is set %s', (_way, ms) => {
  beforeEach(async () => {
    await keys.start();
    clock.advance(MINUTE);
  });

  it('the keys serve on for as long as they would have', async () => {
    endpoint.answerWith('refuse');
    clock.shiftWall(ms);
    clock.advance(HOUR + DAY - MINUTE - 1);
    expect(isInHand('google-key-1')).toBe(true);
    clock.advance(1);
    expect(isInHand('google-key-1')).toBe(false);
    expect(await kindOf('google-key-1')).toBe('unavailable');
  });

  it('they are as old as before', () => {
    clock.shiftWall(ms);
    expect(keys.ageSeconds()).toBe(60);
  });

  it('an unknown key id causes one fetch in 30 s', async () => {
    await kindOf('nobody');
    clock.shiftWall(ms);
    clock.advance(30 * SECOND - 1);
    await kindOf('nobody');
    expect(endpoint.requests).toBe(2);
    clock.advance(1);
    await kindOf('nobody');
    expect(endpoint.requests).toBe(3);
  });
});

describe('in the background', () => {
  it('the next fetch comes ahead of expiry, and not much ahead', async () => {
    await keys.start();
    const [next, ...others] = clock.waiting();
    expect(next).toBeGreaterThan(HOUR / 2);
    expect(next).toBeLessThan(HOUR);
    expect(others).toEqual([]);
  });

  it('a new key arrives before anybody asks for it', async () => {
    await keys.start();
    endpoint.publish(first, second);
    untilNextFetch();
    await fetchesEnded(2);
    expect(isInHand('google-key-2')).toBe(true);
    expect(endpoint.requests).toBe(2);
  });

  it('one fetch follows the other', async () => {
    await keys.start();
    for (const count of [2, 3, 4]) {
      untilNextFetch();
      await fetchesEnded(count);
      expect(endpoint.requests).toBe(count);
    }
  });

  it('a fetch that failed is tried again after 1, 2, 4 … and at most 60 s', async () => {
    endpoint.answerWith('error');
    await keys.start();
    const waits: number[] = [];
    for (let failed = 1; failed <= 9; failed += 1) {
      await fetchesEnded(failed);
      waits.push((clock.waiting()[0] as number) / SECOND);
      untilNextFetch();
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it('the first failure after a good fetch is tried again after 1 s', async () => {
    const answers: KeyAnswer[] = ['error', 'error', 'keys', 'error'];
    endpoint.answerWith('error');
    await keys.start();
    for (const [count, answer] of answers.entries()) {
      await fetchesEnded(count + 1);
      endpoint.answerWith(answer);
      untilNextFetch();
    }
    await fetchesEnded(5);
    expect(clock.waiting()).toEqual([SECOND]);
  });

  it('a fetch for a look-up takes the place of the next one', async () => {
    await keys.start();
    clock.advance(MINUTE);
    const before = clock.waiting()[0] as number;
    await kindOf('nobody');
    expect(clock.waiting()).toEqual([before + MINUTE]);
  });

  it('the keys come back with the endpoint', async () => {
    endpoint.answerWith('refuse');
    await keys.start();
    endpoint.answerWith('keys');
    untilNextFetch();
    await fetchesEnded(2);
    expect(isInHand('google-key-1')).toBe(true);
    expect(await kindOf('nobody')).toBe('unknown');
  });

  it('nothing is fetched where nobody has called start', async () => {
    await kindOf('google-key-1');
    expect(clock.waiting()).toEqual([]);
  });
});

describe('an unknown key id', () => {
  beforeEach(() => keys.start());

  it('is looked for once, though start has just fetched', async () => {
    endpoint.publish(first, second);
    expect(await kindOf('google-key-2')).toBe('found');
    expect(endpoint.requests).toBe(2);
  });

  it('causes one fetch for a hundred look-ups at the same time', async () => {
    const looks = Array.from({ length: 100 }, (_, i) => kindOf(`nobody-${i}`));
    expect(new Set(await Promise.all(looks))).toEqual(new Set(['unknown']));
    expect(endpoint.requests).toBe(2);
  });

  it('causes at most one fetch in 30 s, and is refused meanwhile', async () => {
    expect(await kindOf('nobody')).toBe('unknown');
    clock.advance(30 * SECOND - 1);
    expect(await kindOf('nobody')).toBe('unknown');
    expect(await kindOf('another')).toBe('unknown');
    expect(endpoint.requests).toBe(2);
    clock.advance(1);
    expect(await kindOf('nobody')).toBe('unknown');
    expect(endpoint.requests).toBe(3);
  });

  it('is not refused where the last fetch failed, for nobody can tell', async () => {
    endpoint.answerWith('refuse');
    expect(await kindOf('nobody')).toBe('unavailable');
    expect(await kindOf('nobody')).toBe('unavailable');
    expect(endpoint.requests).toBe(2);
  });

  it('is refused again once a fetch has gone well', async () => {
    endpoint.answerWith('refuse');
    await kindOf('nobody');
    endpoint.answerWith('keys');
    untilNextFetch();
    await fetchesEnded(3);
    expect(await kindOf('nobody')).toBe('unknown');
    expect(endpoint.requests).toBe(3);
  });
});

describe('while the endpoint is down', () => {
  beforeEach(async () => {
    await keys.start();
    endpoint.answerWith('refuse');
  });

  it('keys in hand serve on for a day beyond their lifetime, then nobody can tell', async () => {
    untilNextFetch();
    await fetchesEnded(2);
    clock.advance(HOUR + DAY - clock.now() - 1);
    await fetchesEnded(3);
    expect(isInHand('google-key-1')).toBe(true);
    clock.advance(1);
    expect(await kindOf('google-key-1')).toBe('unavailable');
  });

  it('it recovers after longer than that, too', async () => {
    clock.advance(HOUR + 2 * DAY);
    expect(await kindOf('google-key-1')).toBe('unavailable');
    endpoint.answerWith('keys');
    untilNextFetch();
    await until(() => expect(isInHand('google-key-1')).toBe(true));
  });
});

describe('a key', () => {
  const keyOf = async (kid: string) => {
    const found = await keys.find(kid);
    if (found.kind !== 'found') throw new Error(`${kid} is ${found.kind}`);
    return found;
  };

  it('stays the same through a fetch that brings it again', async () => {
    const { key, keyNumber } = await keyOf('google-key-1');
    endpoint.publish(second, first);
    clock.advance(30 * SECOND);
    const other = await keyOf('google-key-2');
    const again = await keyOf('google-key-1');
    expect(again.key).toBe(key);
    expect(again.keyNumber).toBe(keyNumber);
    expect(other.keyNumber).not.toBe(keyNumber);
    expect([keys.holds(keyNumber), keys.holds(other.keyNumber)]).toEqual([true, true]);
  });

  it('is gone once Google lists it no more', async () => {
    const { keyNumber } = await keyOf('google-key-1');
    endpoint.publish(second);
    clock.advance(30 * SECOND);
    await kindOf('google-key-2');
    expect(keys.holds(keyNumber)).toBe(false);
    expect(await kindOf('google-key-1')).toBe('unknown');
  });

  it('is another one where Google gives its id to another', async () => {
    const { keyNumber } = await keyOf('google-key-1');
    endpoint.publish({ ...jwkOf(second), kid: 'google-key-1' });
    clock.advance(30 * SECOND);
    await kindOf('nobody');
    expect(keys.holds(keyNumber)).toBe(false);
    expect((await keyOf('google-key-1')).key.equals(second.publicKey)).toBe(true);
  });

  it('is not held beyond the day of grace', async () => {
    const { keyNumber } = await keyOf('google-key-1');
    clock.advance(HOUR + DAY);
    expect(keys.holds(keyNumber)).toBe(false);
  });
});

describe('after stop', () => {
  it('nothing waits to be fetched', async () => {
    await keys.start();
    keys.stop();
    keys.stop();
    expect(clock.waiting()).toEqual([]);
    expect(isInHand('google-key-1')).toBe(true);
  });

  it('a fetch under way is the last one', async () => {
    const started = keys.start();
    keys.stop();
    await started;
    expect(clock.waiting()).toEqual([]);
  });

  it('an unknown id causes no fetch', async () => {
    await keys.start();
    keys.stop();
    expect(await kindOf('nobody')).toBe('unknown');
    expect(endpoint.requests).toBe(1);
  });

  it('nobody can tell about keys that were never fetched, or too long ago', async () => {
    keys.stop();
    expect(await kindOf('google-key-1')).toBe('unavailable');
    const others = createKeyStore({ url: endpoint.url, clock, log });
    await others.start();
    others.stop();
    clock.advance(HOUR + DAY);
    expect((await others.find('google-key-1')).kind).toBe('unavailable');
  });
});
