// firebase-admin is an optional dependency: loaded only where a setting needs a service account.

/** What is used of a firebase-admin `App`; the host's own fits as it is. */
export interface FirebaseApp {
  readonly options: { readonly projectId?: string; readonly credential?: unknown };
}

/**
 * Awaits an `import()` of a part of firebase-admin. Rejects with an Error that names the command
 * where it was left out (`npm ci --omit=optional`).
 */
export async function loadFirebaseAdmin<T>(load: () => Promise<T>, neededBy: string): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // The second: firebase-admin is there, and an optional dependency of its own is not.
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw cause;
    throw new Error(`${neededBy} needs firebase-admin: npm install firebase-admin`, { cause });
  }
}
