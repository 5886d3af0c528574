// Calls that nobody can cancel.
import { describe, expect, it } from 'vitest';
import { createBound, lazily } from '../../src/base/under-way.ts';
import { userFromClaims } from '../../src/base/user.ts';
import { createAccountLookUp } from '../../src/identity/firebase-account.ts';
import { startFirebaseAdmin } from '../fakes/firebase-admin.ts';

describe('what can be under way at a time', () => {
  it('is so much, and there is room again as soon as one has ended, well or not', async () => {
    const bounded = createBound(2, 'questions');
    const first = Promise.withResolvers<string>();
    const second = Promise.withResolvers<string>();
    const answers = [bounded(() => first.promise), bounded(() => second.promise)];
    await expect(bounded(async () => 'third')).rejects.toThrow('2 questions are under way already');
    first.resolve('first');
    second.reject(new Error('second'));
    expect(await Promise.allSettled(answers)).toMatchObject([
      { value: 'first' },
      { reason: new Error('second') },
    ]);
    expect(await Promise.all([bounded(async () => 1), bounded(async () => 2)])).toEqual([1, 2]);
  });

  it('of look-ups of accounts is 256, where Google hangs', async () => {
    const google = await startFirebaseAdmin();
    google.on('accounts:lookup', () => {});
    const look = createAccountLookUp(google.app);
    let refused = 0;
    for (let number = 0; number < 300; number += 1) {
      look(userFromClaims(`user-${number}`, {})).catch(({ message }) => {
        if (message === '256 look-ups of accounts are under way already') refused += 1;
      });
    }
    await expect.poll(() => refused).toBe(44);
    await expect.poll(() => google.calls.length, { timeout: 5_000 }).toBeGreaterThan(200);
    expect(google.calls.length).toBeLessThanOrEqual(256);
    await google.close();
  });
});

describe('what is made lazily', () => {
  it('is made once, and again where it could not be', async () => {
    let times = 0;
    const made = lazily(async () => {
      times += 1;
      if (times === 1) throw new Error('not yet');
      return times;
    });
    expect(times).toBe(0);
    await expect(Promise.all([made(), made()])).rejects.toThrow('not yet');
    expect(await Promise.all([made(), made(), made()])).toEqual([2, 2, 2]);
    expect(times).toBe(2);
  });
});
