import type { FastifyRequest } from 'fastify';
import { expect, it } from 'vitest';
import { createGate } from '../../src/admission/gate.ts';
import { userFromClaims } from '../../src/base/user.ts';
import { createRateLimit } from '../../src/limits/rate-limit.ts';
import { createFakeClock } from '../fakes/clock.ts';

const clock = createFakeClock();
const header = 'authorization';
const alice = userFromClaims('alice', {});
const request = (headers = {}) => ({ raw: { headers } }) as FastifyRequest;
const waits = (seconds: number) => `Too many requests. Try again in ${seconds} s.`;

it('a route’s limit counts the requests of that route alone', () => {
  const users = createGate({
    header,
    authenticate: () => alice,
    checkAccount: () => {},
    checkApp: undefined,
  });
  const [token, rings] = [1, 1].map((perMinute) => users(createRateLimit(perMinute, clock)));
  token?.(request());
  expect(() => token?.(request())).toThrow(waits(60));
  expect(() => rings?.(request())).not.toThrow();
});

it('who shows a ticket is asked for nothing else, and counted as the same person', () => {
  const never = () => {
    throw new Error('nobody is asked');
  };
  const users = createGate({
    header,
    authenticate: ({ raw }) => (raw.headers.authorization === undefined ? alice : never()),
    checkAccount: ({ claims }) => (claims.isTicket === true ? never() : undefined),
    checkApp: ({ raw }) => (raw.headers.authorization === undefined ? undefined : never()),
  });
  const admit = users(createRateLimit(2, clock), () => userFromClaims('alice', { isTicket: true }));
  const shown = request({ authorization: 'Bearer swt_x' });
  admit(shown);
  expect(shown.user?.uid).toBe('alice');
  admit(request());
  expect(() => admit(shown)).toThrow(waits(60));
});
