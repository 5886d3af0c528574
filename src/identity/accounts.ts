// Which kinds of account count. To the usual endpoint every verified ID token is a user: one that
// signed up a second ago without a name, and one of a tenant that belongs to somebody else.
import { SwitchboardError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { User } from '../base/user.ts';
import { identityUnavailable } from './id-token-rules.ts';

export interface AccountPolicy {
  readonly anonymousUsers: 'allow' | 'deny';
  readonly emailVerified: 'any' | 'required';
  /** Identity Platform tenants whose users count, and then no others'. Empty: users without a tenant. */
  readonly tenantIds: readonly string[];
}

/** Throws `account_not_allowed` with the reason, or `identity_unavailable` where nobody can tell. */
export type CheckAccount = (user: User) => void;

/** Signed in so, an account may have no e-mail address, and its token then says nothing of one. */
const WITHOUT_ADDRESS: readonly (string | undefined)[] = ['anonymous', 'custom', 'phone'];

export function createAccountCheck(
  policy: AccountPolicy,
  log: Logger,
  /** The host's own authentication says who the users are, and may say too little. */
  isHostsWord = false,
): CheckAccount {
  const tenants = new Set(policy.tenantIds);
  const warnOnce = createWarning(log);
  const hint = (isUnsaid: boolean, member: string) => {
    if (isHostsWord && isUnsaid) warnOnce(`userOf did not answer ${member}: ${fixOf(member)}`);
  };
  return (user) => {
    const { signInProvider, claims } = user;
    if (!isTenantAllowed(user, tenants, log)) {
      hint(claims.firebase === undefined, 'firebase.tenant');
      throw notAllowed('Accounts of this tenant may not make calls.');
    }
    if (policy.anonymousUsers === 'deny') {
      if (signInProvider === undefined) throw identityUnavailable(providerUnknown(isHostsWord));
      if (signInProvider === 'anonymous') {
        throw notAllowed('Anonymous accounts may not make calls. Sign in first.');
      }
    }
    if (policy.emailVerified === 'required' && !user.emailVerified) {
      const mayBeNone = WITHOUT_ADDRESS.includes(signInProvider);
      hint(claims.email_verified === undefined && !mayBeNone, 'email_verified');
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

/** One line for each sentence: a host that says too little says it of every user. */
function createWarning(log: Logger): (sentence: string) => void {
  const said = new Set<string>();
  return (sentence) => {
    if (said.has(sentence)) return;
    said.add(sentence);
    log.warn({}, sentence);
  };
}

/** What userOf has to answer, as a clause. */
const fixOf = (member: string): string => {
  const [name, inner] = member.split('.');
  const answer = inner === undefined ? name : `${name}: { ${inner} }`;
  return `let it answer firebase-admin's DecodedIdToken, or { uid, ${answer} }`;
};

const providerUnknown = (isHostsWord: boolean): TypeError =>
  new TypeError(
    'anonymous users are denied, and nobody said how this user signed in: ' +
      (isHostsWord
        ? `as for userOf, ${fixOf('firebase.sign_in_provider')}`
        : 'the ID token has no firebase.sign_in_provider'),
  );

const notAllowed = (reason: string): SwitchboardError =>
  new SwitchboardError('account_not_allowed', `Forbidden: ${reason}`);
