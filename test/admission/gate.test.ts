import type { FastifyRequest } from 'fastify';
import { expect, it } from 'vitest';
import { createGate } from '../../src/admission/gate.ts';
import { userFromClaims } from '../../src/base/user.ts';
import { createRateLimit } from '../../src/limits/rate-limit.ts';
import { createFakeClock } from '../fakes/clock.ts';

it('a route’s limit counts the requests of that route alone', () => {
  const alice = userFromClaims('alice', {});
  const users = createGate({
    authenticate: () => alice,
    checkAccount: () => {},
    checkApp: undefined,
  });
  const clock = createFakeClock();
  const [token, rings] = [1, 1].map((perMinute) => users(createRateLimit(perMinute, clock)));
  const request = () => ({}) as FastifyRequest;
  token?.(request());
  expect(() => token?.(request())).toThrow('Too many requests. Try again in 60 s.');
  expect(() => rings?.(request())).not.toThrow();
});
