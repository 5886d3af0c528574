import { beforeEach, describe, expect, it } from 'vitest';
import { SwitchboardError } from '../../src/base/errors.ts';
import { userFromClaims } from '../../src/base/user.ts';
import {
  type AccountState,
  type CheckRevoked,
  createRevocationCheck,
} from '../../src/identity/revocation.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';
import { heapInUse } from '../fakes/heap.ts';

const HOUR = 3_600_000;
const GOOD: AccountState = { disabled: false, validSinceMs: 0 };
const DISABLED: AccountState = { disabled: true, validSinceMs: 0 };

let clock: FakeClock;
let check: CheckRevoked;
/** What Firebase says of an account, by `tenant uid`; good where nothing is said. */
let states: Map<string, AccountState | 'deleted'>;
/** The accounts that Firebase was asked about. */
let asked: string[];
/** Answers wait for this. */
let gate: Promise<unknown>;

beforeEach(() => {
  clock = createFakeClock();
  states = new Map();
  asked = [];
  gate = Promise.resolve();
  check = createRevocationCheck(async ({ uid, tenant }) => {
    const account = `${tenant} ${uid}`;
    asked.push(account);
    const state = states.get(account) ?? GOOD;
    await gate;
    return state;
  }, clock);
});

/** `in`, or the code of the refusal. */
async function ask(uid = 'alice', tenant?: string): Promise<string> {
  try {
    await check(userFromClaims(uid, { auth_time: 1_000, firebase: { tenant } }));
    return 'in';
  } catch (error) {
    if (error instanceof SwitchboardError) return error.code;
    throw error;
  }
}

describe('what Firebase says of an account', () => {
  it('is believed for a minute', async () => {
    expect(await ask()).toBe('in');
    states.set('undefined alice', DISABLED);
    clock.advance(59_999);
    expect(await ask()).toBe('in');
    clock.advance(1);
    expect(await ask()).toBe('id_token_revoked');
    expect(asked).toHaveLength(2);
  });

  it('is as old as its question', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    const answer = ask();
    clock.advance(1_500);
    resolve();
    expect(await answer).toBe('in');
    states.set('undefined alice', DISABLED);
    clock.advance(58_499);
    expect(await ask()).toBe('in');
    clock.advance(1);
    expect(await ask()).toBe('id_token_revoked');
  });

  it.each([
    ['back', -HOUR],
    ['forward', HOUR],
  ])('is believed for the same minute when the clock is set %s', async (_way, ms) => {
    expect(await ask()).toBe('in');
    states.set('undefined alice', DISABLED);
    clock.shiftWall(ms);
    clock.advance(59_999);
    expect(await ask()).toBe('in');
    clock.advance(1);
    expect(await ask()).toBe('id_token_revoked');
  });

  it('is of this account alone: not of its namesake in another tenant, nor in none', async () => {
    states.set('acme alice', DISABLED);
    expect(await ask('alice', 'acme')).toBe('id_token_revoked');
    expect(await ask('alice', 'other')).toBe('in');
    expect(await ask('alice')).toBe('in');
    expect(await ask('bob', 'acme')).toBe('in');
    // Kept, each by itself.
    expect(await ask('alice', 'acme')).toBe('id_token_revoked');
    expect(await ask('alice', 'other')).toBe('in');
    expect(asked).toEqual(['acme alice', 'other alice', 'undefined alice', 'acme bob']);
  });

  it('is of this account alone, wherever names have the same letters in a row', async () => {
    states.set('a/b c', DISABLED);
    expect(await ask('c', 'a/b')).toBe('id_token_revoked');
    expect(await ask('b/c', 'a')).toBe('in');
    expect(await ask('a/b/c')).toBe('in');
  });

  it('takes no more memory where a tenant has a long name', async () => {
    const before = heapInUse();
    for (let i = 0; i < 2_000; i += 1) await ask('alice', `${i}`.padEnd(6_000, 'x'));
    asked = [];
    // With their names they are 12 MB.
    expect(heapInUse() - before).toBeLessThan(4_000_000);
    expect(await ask('alice', '0'.padEnd(6_000, 'x'))).toBe('in');
    expect(asked).toEqual([]);
  });

  it('is asked for once by all who come meanwhile, and by each account for itself', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    states.set('acme alice', 'deleted');
    const answers = [ask(), ask(), ask('alice', 'acme'), ask('alice', 'acme')];
    resolve();
    expect(await Promise.all(answers)).toEqual([
      'in',
      'in',
      'id_token_revoked',
      'id_token_revoked',
    ]);
    expect(asked).toEqual(['undefined alice', 'acme alice']);
  });

  it('is nothing where nobody answers, and the next request asks anew', async () => {
    gate = Promise.reject(new Error('network'));
    expect(await ask()).toBe('identity_unavailable');
    gate = new Promise(() => {});
    const hanging = ask();
    clock.advance(2_000);
    expect(await hanging).toBe('identity_unavailable');
    gate = Promise.resolve();
    expect(await ask()).toBe('in');
    expect(clock.waiting()).toEqual([]);
  });
});
