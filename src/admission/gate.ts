// What a request passes before a byte of its body is read.
import { andThen } from '../base/and-then.ts';
import type { User } from '../base/user.ts';
import type { Admit } from '../http/routes.ts';
import { type RateLimit, refuseIfWaiting } from '../limits/rate-limit.ts';
import type { Authenticate } from './authenticate.ts';

/** The steps of the gate, in their order. */
export interface GateSteps {
  readonly authenticate: Authenticate;
  /** Throws where this kind of account does not count. */
  readonly checkAccount: (user: User) => void;
  /** Throws where the request comes from an app that does not count. */
  readonly checkApp: Admit | undefined;
}

/** Answers the way in for users, the last step of which is a limit on the requests of each. */
export function createGate(steps: GateSteps): (limit: RateLimit) => Admit {
  const { authenticate, checkAccount, checkApp } = steps;
  return (limit) => (request) =>
    andThen(authenticate(request), (user) => {
      request.user = user;
      checkAccount(user);
      return andThen(checkApp?.(request), () => andThen(limit.take(user.uid), refuseIfWaiting));
    });
}
