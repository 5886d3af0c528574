// Firebase ID tokens of a made-up project: a handful that come again and again, and so many new
// ones that no server remembers the first when it comes round again.
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const PROJECT_ID = 'switchboard-bench';
export const SEEN_COUNT = 32;
export const NEW_COUNT = 50_000;

const KEY_ID = 'bench-key';
const LIFETIME_S = 3_600;
/** A kept set must last through a whole run. */
const LEFT_MIN_S = 1_500;
const BATCH = 500;
const DIRECTORY = join(tmpdir(), 'switchboard-bench');

const signInPool = promisify(sign) as (
  algorithm: string,
  data: Buffer,
  key: KeyObject,
) => Promise<Buffer>;

export interface TokenSet {
  /** Files with a line `<uid> <token>` for each token. */
  readonly seenFile: string;
  readonly newFile: string;
  readonly keyId: string;
  readonly publicKey: KeyObject;
  /** One of the seen tokens. */
  readonly sample: { readonly uid: string; readonly token: string };
}

/** Makes the tokens, or takes those of an earlier run that still hold. The private key is not kept. */
export async function prepareTokens(say: (line: string) => void): Promise<TokenSet> {
  const about = join(DIRECTORY, 'about.json');
  const seenFile = join(DIRECTORY, 'seen.txt');
  const newFile = join(DIRECTORY, 'new.txt');
  let kept = keptSet(about);
  if (kept === undefined) {
    mkdirSync(DIRECTORY, { recursive: true, mode: 0o700 });
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const issuedAt = Math.floor(Date.now() / 1000);
    writeFileSync(seenFile, await makeTokens('seen', SEEN_COUNT, { privateKey, issuedAt, say }));
    writeFileSync(newFile, await makeTokens('new', NEW_COUNT, { privateKey, issuedAt, say }));
    const publicPem = publicKey.export({ type: 'spki', format: 'pem' }) as string;
    kept = { publicPem, expiresAt: issuedAt + LIFETIME_S };
    writeFileSync(about, JSON.stringify(kept));
  }
  const [uid = '', token = ''] = readFileSync(seenFile, 'utf8').split('\n', 1)[0]?.split(' ') ?? [];
  return {
    seenFile,
    newFile,
    keyId: KEY_ID,
    publicKey: createPublicKey(kept.publicPem),
    sample: { uid, token },
  };
}

function keptSet(about: string): { publicPem: string; expiresAt: number } | undefined {
  if (!existsSync(about)) return undefined;
  const kept = JSON.parse(readFileSync(about, 'utf8')) as { publicPem: string; expiresAt: number };
  return kept.expiresAt - Date.now() / 1000 > LEFT_MIN_S ? kept : undefined;
}

async function makeTokens(
  kind: string,
  count: number,
  by: { privateKey: KeyObject; issuedAt: number; say: (line: string) => void },
): Promise<string> {
  const lines: string[] = [];
  while (lines.length < count) {
    const size = Math.min(BATCH, count - lines.length);
    const first = lines.length;
    // The asynchronous form signs in libuv's pool: both cores work.
    const batch = Array.from({ length: size }, (_, i) => makeToken(`${kind}${first + i}`, by));
    lines.push(...(await Promise.all(batch)));
    if (lines.length % 10_000 === 0) by.say(`  ${lines.length} of ${count} ID tokens signed`);
  }
  return `${lines.join('\n')}\n`;
}

async function makeToken(
  name: string,
  { privateKey, issuedAt }: { privateKey: KeyObject; issuedAt: number },
): Promise<string> {
  // As long as Firebase's uids are: 28 characters.
  const uid = name.padEnd(28, 'x');
  const header = { alg: 'RS256', kid: KEY_ID, typ: 'JWT' };
  const claims = {
    name: `Caller ${name}`,
    picture: `https://pictures.example/${uid}/photo.jpg`,
    iss: `https://securetoken.google.com/${PROJECT_ID}`,
    aud: PROJECT_ID,
    auth_time: issuedAt,
    user_id: uid,
    sub: uid,
    iat: issuedAt,
    exp: issuedAt + LIFETIME_S,
    email: `${name}@example.com`,
    email_verified: true,
    firebase: {
      identities: { 'google.com': [uid], email: [`${name}@example.com`] },
      sign_in_provider: 'google.com',
    },
  };
  const input = `${base64url(header)}.${base64url(claims)}`;
  const signature = await signInPool('sha256', Buffer.from(input), privateKey);
  return `${uid} ${input}.${signature.toString('base64url')}`;
}

const base64url = (value: object): string =>
  Buffer.from(JSON.stringify(value)).toString('base64url');
