// As whom the standalone server asks Firebase.
import { readFileSync } from 'node:fs';
import type { VariableKind } from './kinds.ts';

/** What a service account's JSON must hold for firebase-admin. */
export interface ServiceAccount {
  readonly project_id: string;
  readonly client_email: string;
  readonly private_key: string;
}

export interface CredentialsFile {
  readonly path: string;
  readonly projectId?: string;
}

/** JSON, or base64 of it. What is wrong is said without any of its text. */
export const serviceAccount: VariableKind<ServiceAccount> = {
  read(text) {
    const json = text.startsWith('{') ? text : Buffer.from(text, 'base64').toString();
    let account: unknown;
    try {
      account = JSON.parse(json);
    } catch {
      throw new Error('must be the JSON of a service account, or base64 of it');
    }
    for (const field of ['project_id', 'client_email', 'private_key']) {
      if (typeof (account as Record<string, unknown> | null)?.[field] !== 'string') {
        throw new Error(`is no service account: ${field} is missing`);
      }
    }
    return account as ServiceAccount;
  },
};

/** A file that firebase-admin will read by itself, looked at now: at the first request is too late. */
export const credentialsFile: VariableKind<CredentialsFile> = {
  read(path) {
    let content: unknown;
    try {
      content = JSON.parse(readFileSync(path, 'utf8'));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new Error(
        `names ${path}, which ${code === undefined ? 'is no JSON' : `cannot be read (${code})`}`,
      );
    }
    const projectId = (content as { project_id?: unknown } | null)?.project_id;
    return typeof projectId === 'string' ? { path, projectId } : { path };
  },
};
