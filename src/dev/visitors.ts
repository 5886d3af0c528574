// Who may ask development mode. It hands out ID tokens: neither a foreign page nor a name that
// somebody's DNS leads here gets one.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { isLoopback } from '../base/faults.ts';
import { bare } from './reach.ts';

export interface Visitors {
  /** Whether the request was meant for this server, by its Host header. */
  isMeant(request: IncomingMessage): boolean;
  /**
   * Lets pages read the answer that are this machine's own: on any port of loopback (Flutter web
   * takes another at each run, Capacitor has `capacitor://localhost`), of the host that was asked,
   * or of DEV_HOSTS. True where it was a preflight, which is answered.
   */
  greet(request: IncomingMessage, response: ServerResponse): boolean;
}

const PAGE_SCHEMES = ['http:', 'https:', 'capacitor:', 'ionic:'];

export function createVisitors(hosts: readonly string[]): Visitors {
  /**
   * An address is always meant: a browser that names one was not led here by DNS, and its pages are
   * of that address. Only names can be rebound. So an Android emulator's 10.0.2.2 is known too.
   */
  const isKnown = (host: string): boolean =>
    host === 'localhost' || hosts.includes(host) || isIP(bare(host)) !== 0;

  const isOwnPage = (origin: string, request: IncomingMessage): boolean => {
    const { protocol, hostname } = URL.parse(origin) ?? {};
    if (protocol === undefined || hostname === undefined) return false;
    if (!PAGE_SCHEMES.includes(protocol)) return false;
    const host = hostOf(request);
    if (!isKnown(host)) return false;
    return isLoopback(hostname) || hostname === host || hosts.includes(hostname);
  };

  return {
    isMeant: (request) => isKnown(hostOf(request)),
    greet(request, response) {
      const { origin } = request.headers;
      if (origin === undefined || !isOwnPage(origin, request)) return false;
      response.setHeader('access-control-allow-origin', origin);
      response.setHeader('access-control-expose-headers', 'X-Request-Id, Retry-After');
      response.setHeader('vary', 'Origin');
      const asked = request.headers['access-control-request-method'];
      if (request.method !== 'OPTIONS' || asked === undefined) return false;
      response.writeHead(204, {
        'access-control-allow-methods': 'GET, HEAD, POST, PUT, DELETE',
        'access-control-allow-headers': request.headers['access-control-request-headers'] ?? '',
        'access-control-max-age': '600',
      });
      response.end();
      return true;
    },
  };
}

/** Without its port. */
const hostOf = ({ headers }: IncomingMessage): string =>
  /^(\[[^\]]+\]|[^:]*)(?::\d+)?$/.exec(headers.host ?? '')?.[1]?.toLowerCase() ?? '';
