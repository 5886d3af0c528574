// The routes of development mode, in front of the switchboard's own. They hand out ID tokens, so
// they answer only to names of this machine, and never to a foreign page.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CallSettings } from '../settings/settings.ts';
import type { DemoUser } from './demo-users.ts';
import type { LiveKitTarget } from './dev-config.ts';
import type { IdentityProvider } from './identity-provider.ts';
import { canBuildLiveKit } from './livekit-binary.ts';
import { whoAnswers } from './livekit-server.ts';
import {
  clientDoor,
  clientFile,
  liveKitClient,
  liveKitClientPath,
  type PageFile,
  pageFile,
} from './page-files.ts';
import type { Pocket } from './pocket/pocket.ts';
import type { Presence } from './presence.ts';
import type { Terminal } from './terminal.ts';
import type { Visitors } from './visitors.ts';

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

type DevRoute = (rest: string, query: URLSearchParams) => Answer | Promise<Answer>;

export interface DevParts {
  readonly provider: IdentityProvider;
  readonly users: readonly DemoUser[];
  readonly target: LiveKitTarget;
  /** The path of the token endpoint. */
  readonly endpoint: string;
  /** That of the calls. */
  readonly callsPath: string;
  readonly calls: CallSettings | undefined;
  /** Where calls are kept, or why there are none. */
  readonly callsSentence: string;
  readonly presence: Presence;
  /** Undefined: there are no calls. */
  readonly pocket: Pocket | undefined;
  readonly visitors: Visitors;
  readonly terminal: Terminal;
}

export type Front = (request: IncomingMessage, response: ServerResponse) => boolean;

export function createFront(parts: DevParts): Front {
  const { visitors, terminal, presence, pocket } = parts;
  const routes = routesOf(parts);
  const headers = {
    'content-security-policy': pagePolicy(parts.target.url),
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  };
  return (request, response) => {
    terminal.watch(request, response);
    presence.watch(request, response);
    pocket?.watch(request, response);
    if (visitors.greet(request, response)) return true;
    const url = URL.parse(request.url ?? '', 'http://localhost');
    if (url === null || !request.url?.startsWith('/')) return false;
    const { pathname } = url;
    if (pathname !== '/' && pathname !== '/dev' && !pathname.startsWith('/dev/')) return false;
    const answer = visitors.isMeant(request) ? answerOf(request, url, routes) : misled();
    void answer.then(({ status = 200, headers: own, body }) => {
      const type = { 'content-type': 'text/plain; charset=utf-8' };
      const length = { 'content-length': Buffer.byteLength(body) };
      response.writeHead(status, { ...headers, ...type, ...own, ...length });
      response.end(request.method === 'HEAD' ? undefined : body);
    });
    return true;
  };
}

async function answerOf(
  request: IncomingMessage,
  { pathname, searchParams }: URL,
  routes: Readonly<Record<string, DevRoute>>,
): Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return { ...sentence(405, 'Only GET and HEAD.'), headers: { allow: 'GET, HEAD' } };
  }
  const [, prefix = '', rest = ''] = /^(\/(?:dev\/[^/]+\/?)?)(.*)$/.exec(pathname) ?? [];
  const route = Object.hasOwn(routes, prefix) ? routes[prefix] : undefined;
  if (route === undefined || (rest !== '' && !prefix.endsWith('/'))) return notFound();
  const name = decoded(rest);
  if (name === undefined) return notFound();
  try {
    return await route(name, searchParams);
  } catch (error) {
    return sentence(500, String(error));
  }
}

/** A name that somebody's DNS leads here is refused, and so is one that DEV_HOSTS should have named. */
const misled = async (): Promise<Answer> =>
  sentence(
    421,
    'Development mode answers to localhost, to addresses, and to the names in DEV_HOSTS ' +
      '(DEV_HOSTS=my-laptop.local npm run dev).',
  );

function routesOf(parts: DevParts): Readonly<Record<string, DevRoute>> {
  const { provider, users, target, endpoint, callsPath, calls, callsSentence } = parts;
  const { presence, pocket } = parts;
  return {
    '/': (rest) => (rest === '' ? file(pageFile('index.html')) : notFound()),
    '/dev/page/': (name) => file(pageFile(name)),
    '/dev/client.js': () => file(clientDoor()),
    '/dev/client/': (name) => file(clientFile(name)),
    '/dev/livekit-client.js': () => file(liveKitClient()),
    '/dev/keys': () => ({
      headers: provider.keySetHeaders,
      body: JSON.stringify(provider.keySet),
    }),
    '/dev/users': () =>
      json(users.map(({ uid, signInProvider, claims }) => ({ uid, signInProvider, ...claims }))),
    '/dev/id-token/': (uid, query) => {
      const token = provider.idToken(uid, { expired: query.has('expired') });
      return token === undefined ? notFound() : { body: token };
    },
    '/dev/presence': () => json(presence.feeds()),
    '/dev/pocket': (_, query) =>
      json({
        feeds: presence.feeds(),
        ...(pocket?.view(Number(query.get('after') ?? 0)) ?? { phones: [], pushes: [] }),
      }),
    '/dev/ticket/': (value) => {
      const ticket = pocket?.ticketOf(value);
      return ticket === undefined ? notFound() : { body: ticket };
    },
    '/dev/status': async () =>
      json({
        endpoint,
        callsPath,
        callsOff: calls === undefined ? callsSentence : undefined,
        ringAccess: calls?.ringAccess.rule,
        rules: calls?.rules,
        liveKitUrl: target.url,
        liveKitAnswers: (await whoAnswers(target.url)) === 'livekit',
        liveKitClientInstalled: liveKitClientPath() !== undefined,
        canBuildLiveKit: canBuildLiveKit(),
      }),
  };
}

/** livekit-client asks over http why a connection over ws was refused. */
function pagePolicy(liveKitUrl: string): string {
  const { host, protocol } = new URL(liveKitUrl);
  const secure = protocol === 'wss:' ? 's' : '';
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "media-src 'self' blob:",
    `connect-src 'self' ws${secure}://${host} http${secure}://${host}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

const sentence = (status: number, text: string): Answer => ({ status, body: `${text}\n` });
const notFound = (): Answer => sentence(404, 'Not found.');
const json = (value: unknown): Answer => ({
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: JSON.stringify(value),
});
const file = (found: PageFile | undefined): Answer =>
  found === undefined
    ? notFound()
    : { headers: { 'content-type': found.type }, body: found.content };
