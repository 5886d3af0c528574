// The floor: node:http, one signature check, one HMAC and nothing else. As fast as plain code gets.
import { createHmac, createPublicKey, createSecretKey, verify } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

const { PORT, ID_TOKEN_KEY_PEM = '', LIVEKIT_API_KEY, LIVEKIT_API_SECRET = '' } = process.env;
const remembers = process.env.ID_TOKENS === 'seen';

const idTokenKey = createPublicKey(ID_TOKEN_KEY_PEM);
const secret = createSecretKey(Buffer.from(LIVEKIT_API_SECRET));
const HEADER = `${base64url({ alg: 'HS256', typ: 'JWT' })}.`;

type Claims = { sub: string; name?: string; picture?: string };
const remembered = new Map<string, Claims>();

function claimsOf(token: string): Claims | undefined {
  const known = remembered.get(token);
  if (known !== undefined) return known;
  const [header = '', payload = '', signature = ''] = token.split('.');
  const input = Buffer.from(`${header}.${payload}`);
  if (!verify('sha256', input, idTokenKey, Buffer.from(signature, 'base64url'))) return undefined;
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims;
  if (remembers) remembered.set(token, claims);
  return claims;
}

function mint(claims: Claims, room: string): string {
  const now = Math.floor(Date.now() / 1000);
  const input =
    HEADER +
    base64url({
      iss: LIVEKIT_API_KEY,
      sub: claims.sub,
      nbf: now - 60,
      exp: now + 600,
      name: claims.name,
      attributes: { picture: claims.picture },
      video: { room, roomJoin: true, canPublish: true, canSubscribe: true },
    });
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function answer(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}

createServer((request: IncomingMessage, response) => {
  const claims = claimsOf(request.headers.authorization?.slice('Bearer '.length) ?? '');
  if (claims === undefined) return answer(response, 403, { error: 'Unauthorized' });
  let text = '';
  request.setEncoding('utf8');
  request.on('data', (chunk: string) => {
    text += chunk;
  });
  request.on('end', () => {
    const { roomName, participantIdentity } = JSON.parse(text);
    if (participantIdentity !== claims.sub) return answer(response, 403, { error: 'Forbidden' });
    answer(response, 200, { token: mint(claims, roomName) });
  });
}).listen(Number(PORT), '127.0.0.1');
