// firebase-admin is an optional peer: loaded only where a setting needs a service account. A
// host may have a copy of its own, and what one copy makes the others don't know.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** What is used of a firebase-admin `App`; the host's own fits as it is. */
export interface FirebaseApp {
  readonly options: { readonly projectId?: string; readonly credential?: unknown };
}

/**
 * The parts of firebase-admin by which an app asks Firebase.
 *
 * @internal Out of the declarations, which hosts without firebase-admin compile as well.
 */
export interface AdminParts {
  readonly app: typeof import('firebase-admin/app');
  readonly auth: typeof import('firebase-admin/auth');
  readonly 'app-check': typeof import('firebase-admin/app-check');
  readonly firestore: typeof import('firebase-admin/firestore');
}

/** What the SDK of an app and nobody else offers, beside its public type. */
interface Inside {
  getOrInitService?: unknown;
}

/** The main module of any copy that was loaded. */
const MAIN_MODULE = /[\\/]firebase-admin[\\/]lib[\\/]app[\\/]index\.js$/;

/**
 * Awaits an `import()` of a part of firebase-admin. Rejects with an Error that names the command
 * where it is not installed.
 */
export async function loadFirebaseAdmin<T>(load: () => Promise<T>, neededBy: string): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw cause;
    // firebase-admin may be there, and an optional dependency of its own not.
    const missing = /'(@google-cloud\/[\w-]+)/.exec(message)?.[1] ?? 'firebase-admin';
    throw new Error(`${neededBy} needs ${missing}: npm install ${missing}`, { cause });
  }
}

/** An app that the host has made; undefined where it is none of firebase-admin's, as the end of a sentence. */
export function faultOfFirebaseApp(app: FirebaseApp): string | undefined {
  return typeof (app as Inside).getOrInitService === 'function'
    ? undefined
    : "must be an App of firebase-admin (initializeApp of 'firebase-admin/app'; that of the web SDK is another)";
}

/**
 * A part of that copy of firebase-admin that made the app. Undefined where it cannot be told which
 * one that is: it was bundled, and none of its files was loaded.
 *
 * @internal
 */
export function partOfItsCopy<P extends keyof AdminParts>(
  app: FirebaseApp,
  part: P,
): AdminParts[P] | undefined {
  // From anywhere: what is wanted is the list of all that was loaded.
  const require = createRequire(process.execPath);
  for (const [file, module] of Object.entries(require.cache ?? {})) {
    if (!MAIN_MODULE.test(file)) continue;
    const { getApps } = (module?.exports ?? {}) as Partial<AdminParts['app']>;
    if (!(getApps?.() as FirebaseApp[] | undefined)?.includes(app)) continue;
    return require(join(dirname(file), '..', part, 'index.js')) as AdminParts[P];
  }
  return undefined;
}

/**
 * An app with the same credential, for a copy of firebase-admin that hasn't made it: what that copy
 * leaves behind in an app would be found by the host, and be of no use to it.
 */
const withoutTraces = <A extends FirebaseApp>(app: A): A =>
  Object.create(app, { services_: { value: {}, writable: true } });

/**
 * A part that asks Firebase as `app`, and the app to give it: of its own copy, or of the one that
 * `load` finds.
 *
 * @internal
 */
export async function partFor<P extends keyof AdminParts>(
  app: FirebaseApp,
  part: P,
  load: () => Promise<AdminParts[P]>,
  neededBy: string,
): Promise<{ sdk: AdminParts[P]; as: FirebaseApp }> {
  const own = partOfItsCopy(app, part);
  return own === undefined
    ? { sdk: await loadFirebaseAdmin(load, neededBy), as: withoutTraces(app) }
    : { sdk: own, as: app };
}
