// Which kinds of account count. To the usual endpoint every verified ID token is a user: one that
// signed up a second ago without a name, and one of a tenant that belongs to somebody else.
import { SwitchboardError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { User } from '../user.ts';

export interface AccountPolicy {
  readonly anonymousUsers: 'allow' | 'deny';
  readonly emailVerified: 'any' | 'required';
  /** Identity Platform tenants whose users count, and then no others'. Empty: users without a tenant. */
  readonly tenantIds: readonly string[];
}

/** Throws `account_not_allowed` with the reason. */
export type CheckAccount = (user: User) => void;

export function createAccountCheck(policy: AccountPolicy, log: Logger): CheckAccount {
  const tenants = new Set(policy.tenantIds);
  return (user) => {
    if (!isTenantAllowed(user, tenants, log)) {
      throw notAllowed('Accounts of this tenant may not make calls.');
    }
    if (policy.anonymousUsers === 'deny' && user.signInProvider === 'anonymous') {
      throw notAllowed('Anonymous accounts may not make calls. Sign in first.');
    }
    if (policy.emailVerified === 'required' && !user.emailVerified) {
      throw notAllowed('Verify your e-mail address first.');
    }
  };
}

function isTenantAllowed(user: User, tenants: ReadonlySet<string>, log: Logger): boolean {
  const { tenant } = user;
  if (tenants.size > 0) return tenant !== undefined && tenants.has(tenant);
  if (tenant === undefined) return true;
  log.warn(
    { tenant },
    'a user of a tenant was refused: list the tenants that count in FIREBASE_TENANT_IDS ' +
      '(as an option: firebaseTenantIds)',
  );
  return false;
}

const notAllowed = (reason: string): SwitchboardError =>
  new SwitchboardError('account_not_allowed', `Forbidden: ${reason}`);
