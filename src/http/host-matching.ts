// How the host that we are mounted in compares paths: a route that it would find by hand is found.
import type { IncomingMessage } from 'node:http';
import type { Matching } from './table.ts';

/** An Express application, as far as it is of use here. */
interface ExpressApp {
  enabled(setting: string): boolean;
}

/**
 * Express goes by its settings, both off unless the host has set them (`case sensitive routing`,
 * `strict routing`). What a single `express.Router` was given is not to be seen from a request.
 * Undefined: a host that says nothing, whose paths are as they are written.
 */
export function matchingOf(raw: IncomingMessage): Matching | undefined {
  const { app } = raw as { app?: Partial<ExpressApp> };
  if (typeof app?.enabled !== 'function') return undefined;
  return {
    caseSensitive: app.enabled('case sensitive routing'),
    strict: app.enabled('strict routing'),
  };
}
