/** Someone to try things as. The claims are those that Firebase would add for this way of signing in. */
export interface DemoUser {
  readonly uid: string;
  readonly signInProvider: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

export const DEMO_USERS: readonly DemoUser[] = [
  {
    uid: 'alice',
    signInProvider: 'password',
    claims: {
      name: 'Alice Ångström',
      picture: 'https://pictures.example/alice.png',
      email: 'alice@example.com',
      email_verified: true,
    },
  },
  {
    uid: 'bob',
    signInProvider: 'google.com',
    claims: { name: 'Bob 🎧 Okafor', email: 'bob@example.com', email_verified: true },
  },
  // As after signing in by phone: no name at all.
  { uid: 'carol', signInProvider: 'phone', claims: { phone_number: '+15555550100' } },
];
