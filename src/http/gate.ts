// What a request passes before a byte of its body is read.
import type { FastifyRequest } from 'fastify';
import type { User } from '../user.ts';
import type { Authenticate } from './authenticate.ts';
import { type RateLimit, refuseIfWaiting } from './rate-limit.ts';
import type { Admit } from './routes.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the gate on every route that is not public. */
    user: User | null;
  }
}

/** Authentication, then the rate of this user. */
export function createGate(authenticate: Authenticate, rate: RateLimit): Admit {
  const enter = (request: FastifyRequest, user: User) => {
    request.user = user;
    refuseIfWaiting(rate.take(user.uid));
  };
  return (request) => {
    const user = authenticate(request);
    if (user instanceof Promise) return user.then((late) => enter(request, late));
    enter(request, user);
  };
}
