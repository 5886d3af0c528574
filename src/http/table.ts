// Which paths are ours. Decided here alone, in every mount, before Fastify sees a request.
import type { PathFields } from './fields.ts';
import type { Route } from './routes.ts';

/** One path and all that may be asked there. */
export interface Path {
  /** As its rows have it, `:name` for what varies. Logs and metrics show no other. */
  readonly pattern: string;
  readonly params: PathFields;
  /** As the `Allow` header lists them. */
  readonly methods: readonly string[];
}

/** A path as a request names it. */
export interface Place {
  readonly path: Path;
  /** The segments that vary, as they came. */
  readonly params: Readonly<Record<string, string>>;
}

export interface RouteTable {
  readonly paths: readonly Path[];
  find(path: string): Place | undefined;
}

export function createTable(routes: readonly Route[]): RouteTable {
  const paths = pathsOf(routes);
  const exact = new Map<string, Place>();
  const varying: { form: RegExp; path: Path }[] = [];
  for (const path of paths) {
    if (namesIn(path.pattern).length === 0) exact.set(path.pattern, { path, params: {} });
    else varying.push({ form: formOf(path), path });
  }
  return {
    paths,
    find(text) {
      const place = exact.get(text);
      if (place !== undefined) return place;
      for (const { form, path } of varying) {
        const match = form.exec(text);
        if (match !== null) return { path, params: { ...match.groups } };
      }
      return undefined;
    },
  };
}

/** The path that a request's target names, without its query. */
export function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

/** The query of a request's target, without its question mark. */
export function queryOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? '' : url.slice(query + 1);
}

/** A pattern with something else in each `:name`'s place. */
export const fillIn = (pattern: string, fill: (name: string) => string): string =>
  pattern.replace(/:(\w+)/g, (_all, name: string) => fill(name));

function pathsOf(routes: readonly Route[]): Path[] {
  const paths = new Map<string, Path & { readonly methods: string[] }>();
  for (const { path: pattern, method, params = {} } of routes) {
    const path = paths.get(pattern) ?? { pattern, params, methods: [] as string[] };
    paths.set(pattern, path);
    if (path.methods.includes(method)) throw new Error(`two rows for ${method} ${pattern}`);
    path.methods.push(...(method === 'GET' ? ['GET', 'HEAD'] : [method]));
  }
  return [...paths.values()];
}

const namesIn = (pattern: string): string[] =>
  [...pattern.matchAll(/:(\w+)/g)].map(([, name]) => name as string);

function formOf({ pattern, params }: Path): RegExp {
  const source = fillIn(pattern.replaceAll('.', '\\.'), (name) => {
    const field = params[name];
    if (field === undefined) throw new Error(`${pattern} does not say what :${name} looks like`);
    return `(?<${name}>${field.pattern})`;
  });
  return new RegExp(`^${source}$`);
}
