// For hosts that are Fastify themselves: their own scope, exactly our paths, bodies left unread.
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Mount } from './mount.ts';
import { fillIn, type Path, type Place, type RouteTable } from './table.ts';

// Structural, so that no Fastify type stands in the public surface.
interface HostRequest {
  readonly raw: IncomingMessage;
  readonly ip: string;
  readonly params: unknown;
}
interface HostReply {
  readonly raw: ServerResponse;
  hijack(): unknown;
  getHeaders(): OutgoingHttpHeaders;
}
interface HostInstance {
  readonly prefix: string;
  removeAllContentTypeParsers(): unknown;
  addContentTypeParser(type: string, parser: (...args: never[]) => void): unknown;
  addHook(name: 'preClose', hook: () => Promise<void>): unknown;
  route(options: object): unknown;
}

/** A Fastify plugin: `await app.register(switchboard.plugin, { prefix: '/api/calls' })`. */
// biome-ignore lint/suspicious/noExplicitAny: fits every Fastify version's own plugin type
export type FastifyPlugin = (instance: any, options?: any) => Promise<void>;

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

export function createFastifyPlugin(options: {
  mount: Mount;
  table: RouteTable;
  basePath: string;
  answersPreflight: boolean;
  stop: () => Promise<void>;
}): FastifyPlugin {
  const { mount, table, basePath, answersPreflight } = options;
  return async (instance: HostInstance) => {
    instance.removeAllContentTypeParsers();
    instance.addContentTypeParser(
      '*',
      (_request: never, _payload: never, done: (error: null) => void) => done(null),
    );
    const send = (request: HostRequest, reply: HostReply, path: Path) => {
      // What the host's hooks have set (CORS, for one) goes out with our answer.
      for (const [name, value] of Object.entries(reply.getHeaders())) {
        if (value !== undefined) reply.raw.setHeader(name, value);
      }
      reply.hijack();
      const place = placeIn(path, request);
      mount.dispatch(request.raw, reply.raw, place, { hostRequest: request, ip: request.ip });
    };
    for (const path of table.paths) {
      const url = urlOf(path);
      instance.route({
        method: answersPreflight ? [...METHODS, 'OPTIONS'] : METHODS,
        // Under a prefix of the host's the base path is the prefix.
        url: instance.prefix === '' ? url : url.slice(basePath.length),
        exposeHeadRoute: false,
        handler: (request: HostRequest, reply: HostReply) => send(request, reply, path),
        // A content type that is none at all never reaches a parser; it is for us to refuse.
        errorHandler(error: Error & { code?: string }, request: HostRequest, reply: HostReply) {
          if (error.code !== 'FST_ERR_CTP_INVALID_MEDIA_TYPE') throw error;
          send(request, reply, path);
        },
      });
    }
    instance.addHook('preClose', options.stop);
  };
}

/** As Fastify's router writes it: the form of each segment stands with it, and what has another is the host's. */
const urlOf = ({ pattern, params }: Path): string =>
  fillIn(pattern, (name) => `:${name}(^${params[name]?.pattern}$)`);

function placeIn(path: Path, { params }: HostRequest): Place {
  const names = Object.keys(path.params);
  const given = params as Readonly<Record<string, string>>;
  return { path, params: Object.fromEntries(names.map((name) => [name, given[name] as string])) };
}
