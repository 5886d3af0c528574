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

/** How a host compares paths. */
export interface Matching {
  readonly caseSensitive: boolean;
  /** Whether a slash at the end makes it another path. */
  readonly strict: boolean;
}

export interface RouteTable {
  readonly paths: readonly Path[];
  /** As it is written, or as `matching` says. */
  find(path: string, matching?: Matching): Place | undefined;
}

export function createTable(routes: readonly Route[]): RouteTable {
  const paths = pathsOf(routes);
  const asWritten = createLookUp(paths, { anyCase: false });
  const inAnyCase = createLookUp(paths, { anyCase: true });
  return {
    paths,
    find(text, { caseSensitive, strict } = EXACT) {
      const place = asWritten(text);
      if (place !== undefined || (caseSensitive && strict)) return place;
      const trimmed = strict ? text : text.replace(/(?<=.)\/$/, '');
      return caseSensitive ? asWritten(trimmed) : inAnyCase(trimmed);
    },
  };
}

const EXACT: Matching = { caseSensitive: true, strict: true };

function createLookUp(paths: readonly Path[], { anyCase }: { anyCase: boolean }) {
  const inOneCase = (text: string) => (anyCase ? text.toLowerCase() : text);
  const exact = new Map<string, Place>();
  const varying: { form: RegExp; path: Path }[] = [];
  for (const path of paths) {
    if (namesIn(path.pattern).length > 0) varying.push({ form: formOf(path, anyCase), path });
    else exact.set(inOneCase(path.pattern), { path, params: {} });
  }
  return (text: string): Place | undefined => {
    const place = exact.get(inOneCase(text));
    if (place !== undefined) return place;
    for (const { form, path } of varying) {
      const match = form.exec(text);
      if (match !== null) return { path, params: { ...match.groups } };
    }
    return undefined;
  };
}

/**
 * The path that a request's target names, without its query. A proxy may send the whole URL
 * (absolute-form), which every server must accept (RFC 9112, section 3.2.2).
 */
export function pathOf(url: string): string {
  const query = url.indexOf('?');
  const target = query === -1 ? url : url.slice(0, query);
  if (target.startsWith('/')) return target;
  const [authority] = AUTHORITY.exec(target) ?? [];
  return authority === undefined ? target : target.slice(authority.length) || '/';
}

/** Of a kind that every reader of URLs takes for the same: a host must not see another path than we do. */
const AUTHORITY = /^https?:\/\/(?:[\w.~-]+|\[[\da-f:.]+\])(?::\d{1,5})?(?=\/|$)/i;

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

/** What varies keeps its form in any case: another form is another path. */
function formOf({ pattern, params }: Path, anyCase: boolean): RegExp {
  const source = pattern.replace(/:(\w+)|[a-z.]/gi, (text, name: string | undefined) => {
    if (name === undefined) {
      if (text === '.') return '\\.';
      return anyCase ? `[${text.toLowerCase()}${text.toUpperCase()}]` : text;
    }
    const field = params[name];
    if (field === undefined) throw new Error(`${pattern} does not say what :${name} looks like`);
    return `(?<${name}>${field.pattern})`;
  });
  return new RegExp(`^${source}$`);
}
