// A route is a row: who may call it, what it takes, what it answers.
import type { FastifyRequest, FastifySchema } from 'fastify';

/** Lets a request in, or throws. Runs before the body is read; answers a promise only where it must wait. */
export type Admit = (request: FastifyRequest) => void | Promise<void>;

export interface Route {
  readonly method: 'GET' | 'POST';
  /** The whole path, base path included. */
  readonly path: string;
  /** A public route has to say so. */
  readonly admit: Admit | 'public';
  /** What the API's description shows; with a `body`, JSON is read for the route to check. */
  readonly schema: FastifySchema & { summary: string; description?: string };
  /**
   * The body of the answer, as text of `contentType`; throws a SwitchboardError to refuse. `body` is
   * what came as JSON, unchecked; undefined where the schema has none.
   */
  readonly answer: (request: FastifyRequest, body: unknown) => string | Promise<string>;
  readonly contentType?: string;
}

/** The methods of each path, as the `Allow` header lists them. */
export type RouteTable = ReadonlyMap<string, readonly string[]>;

export function tableOf(routes: readonly Route[]): RouteTable {
  const table = new Map<string, string[]>();
  for (const { path, method } of routes) {
    const methods = method === 'GET' ? ['GET', 'HEAD'] : [method];
    table.set(path, [...(table.get(path) ?? []), ...methods]);
  }
  return table;
}

/** The path of a request's target, without the query. */
export function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}
