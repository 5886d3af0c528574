import { createHmac } from 'node:crypto';
import { SignJWT } from 'jose';
import { AccessToken, TokenVerifier } from 'livekit-server-sdk';
import { describe, expect, it } from 'vitest';
import { createHs256 } from '../src/base/hs256.ts';

const SECRET = 'sécrét-of-at-least-32-characters-with-👩‍👩‍👧';
const hs256 = createHs256(SECRET);
const base64url = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** Rightly signed, whatever it holds. */
function tokenOf(header: unknown, claims: unknown): string {
  const input = `${base64url(header)}.${base64url(claims)}`;
  return `${input}.${createHmac('sha256', SECRET).update(input).digest('base64url')}`;
}

it('what we sign is believed by LiveKit’s own SDK', async () => {
  const exp = Math.floor(Date.now() / 1000) + 60;
  const token = hs256.sign(JSON.stringify({ iss: 'key', exp, video: { roomAdmin: true } }));
  const claims = await new TokenVerifier('key', SECRET).verify(token);
  expect(claims).toEqual({ iss: 'key', exp, video: { roomAdmin: true } });
});

it('what LiveKit’s own SDK signs is believed', async () => {
  const token = new AccessToken('key', SECRET, { identity: 'alice' });
  token.sha256 = 'hash';
  expect(hs256.claimsIn(await token.toJwt())).toMatchObject({
    iss: 'key',
    sub: 'alice',
    sha256: 'hash',
  });
});

describe('not believed is', () => {
  const good = tokenOf({ alg: 'HS256' }, { iss: 'key' });
  const [header = '', claims = '', signature = ''] = good.split('.');

  it.each([
    ['another secret’s', createHs256('another').sign('{}')],
    ['none', ''],
    ['one without a signature', `${header}.${claims}.`],
    ['one without a signature and a dot', `${header}.${claims}`],
    ['one with half a signature', `${header}.${claims}.${signature.slice(0, 20)}`],
    ['one whose claims were changed', `${header}.${base64url({ iss: 'other' })}.${signature}`],
    ['one with more behind it', `${good}.x`],
    ['one of another algorithm', tokenOf({ alg: 'HS512' }, {})],
    ['one of no algorithm', tokenOf({}, {})],
    ['one with an extension', tokenOf({ alg: 'HS256', crit: ['exp'] }, {})],
    ['one whose claims are a list', tokenOf({ alg: 'HS256' }, [])],
    ['one whose claims are no JSON', tokenOf({ alg: 'HS256' }, '{')],
    ['one whose header is no JSON', tokenOf('{', {})],
    ['a long one', tokenOf({ alg: 'HS256' }, { x: 'x'.repeat(4096) })],
    ['Bearer before it', `Bearer ${good}`],
  ])('%s', (_what, token) => {
    expect(hs256.claimsIn(good)).toEqual({ iss: 'key' });
    expect(hs256.claimsIn(token)).toBeUndefined();
  });

  it('what is signed by another algorithm, or by none', async () => {
    const unsigned = `${base64url({ alg: 'none' })}.${claims}.`;
    const other = await new SignJWT({})
      .setProtectedHeader({ alg: 'HS384' })
      .sign(Buffer.from(SECRET));
    expect([unsigned, other].map(hs256.claimsIn)).toEqual([undefined, undefined]);
  });
});
