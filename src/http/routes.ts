// A route is a row: who may call it, what it takes, what it answers.
import type { FastifyRequest, FastifySchema } from 'fastify';
import type { Answer } from './answers.ts';
import type { BodyKind } from './body-kinds.ts';
import type { Fields, PathFields, ValuesOf } from './fields.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Lets a request in, or throws. Runs before the body is read; answers a promise only where it must wait. */
export type Admit = (request: FastifyRequest) => void | Promise<void>;

/** What came, checked; what a row does not name is not looked at. */
export interface Input<Params, Query, Headers, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly headers: Headers;
  /** Of a JSON body whatever it held, for the route to check. */
  readonly body: Body;
}

export interface Row<
  Params extends PathFields,
  Query extends Fields,
  Headers extends Fields,
  Body,
> {
  readonly method: Method;
  /**
   * The whole path, base path included and without a slash at its end. `:name` stands for a segment
   * that `params` knows the form of: another segment is another path, and maybe the host's.
   */
  readonly path: string;
  readonly params?: Params;
  /** A public route has to say so. The limit that counts its requests is part of it. */
  readonly admit: Admit | 'public';
  readonly query?: Query;
  /** By their names in small letters. */
  readonly headers?: Headers;
  /** Absent: none is read, whatever comes. */
  readonly body?: BodyKind<Body>;
  /** What the API's description shows beside the fields. */
  readonly schema: FastifySchema & { summary: string; description?: string };
  /** Machines ask it every few seconds: that all is well is a line at debug alone. */
  readonly isProbe?: boolean;
  /** Of text and streams. Default: JSON. */
  readonly contentType?: string;
  /** Throws a SwitchboardError to refuse. */
  readonly answer: (
    request: FastifyRequest,
    input: Input<ValuesOf<Params>, ValuesOf<Query>, ValuesOf<Headers>, Body>,
  ) => Answer | Promise<Answer>;
}

/** A row as the engine sees it: each has an input of its own. */
// biome-ignore lint/suspicious/noExplicitAny: a table holds rows with every kind of input
export type Route = Row<any, any, any, any>;

/** A row whose `answer` knows the types of its own input. */
export function route<
  Params extends PathFields = Record<never, never>,
  Query extends Fields = Record<never, never>,
  Headers extends Fields = Record<never, never>,
  Body = undefined,
>(row: Row<Params, Query, Headers, Body>): Route {
  return row;
}
