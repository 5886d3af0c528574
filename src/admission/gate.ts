// What a request passes before a byte of its body is read.
import type { FastifyRequest } from 'fastify';
import { andThen } from '../base/and-then.ts';
import type { User } from '../base/user.ts';
import type { Admit } from '../http/routes.ts';
import { refuseIfWaiting } from '../limits/rate-limit.ts';
import type { Authenticate } from './authenticate.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the gate on every route that is not public. */
    user: User | null;
  }
}

/** The steps of the gate, in their order. */
export interface GateSteps {
  readonly authenticate: Authenticate;
  /** Throws where this kind of account does not count. */
  readonly checkAccount: (user: User) => void;
  /** Throws where the request comes from an app that does not count. */
  readonly checkApp: Admit | undefined;
  /** Counts one request of this user; seconds to wait where the limit is reached. */
  readonly takeTurn: (user: User) => number | Promise<number>;
}

export function createGate(steps: GateSteps): Admit {
  const { authenticate, checkAccount, checkApp, takeTurn } = steps;
  return (request: FastifyRequest) =>
    andThen(authenticate(request), (user) => {
      request.user = user;
      checkAccount(user);
      return andThen(checkApp?.(request), () => andThen(takeTurn(user), refuseIfWaiting));
    });
}
