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
    if (!isPath(path)) {
      throw new Error(
        'is no path: it names a file; put the JSON itself into FIREBASE_SERVICE_ACCOUNT',
      );
    }
    let content: unknown;
    try {
      content = JSON.parse(readFileSync(path, 'utf8'));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new Error(
        `names ${path}, which ${code === undefined ? 'is no JSON' : `cannot be read (${code})`}`,
      );
    }
    const fault = faultOfCredentials(content);
    if (fault !== undefined) throw new Error(`names ${path}, which ${fault}`);
    const projectId = (content as { project_id?: unknown }).project_id;
    return typeof projectId === 'string' ? { path, projectId } : { path };
  },
};

/** People put the key itself here, and what is no path may not be told. */
const isPath = (text: string): boolean =>
  text.length <= 1_024 && !/^\s*[{["']|[\r\n]|PRIVATE KEY/.test(text) && !isBase64OfJson(text);

const isBase64OfJson = (text: string): boolean =>
  /^\s*\{/.test(Buffer.from(text, 'base64').toString('latin1'));

/** Kinds of credentials, each with what it can't do without (google-auth-library's `fromJSON`). */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  service_account: ['client_email', 'private_key'],
  authorized_user: ['client_id', 'client_secret', 'refresh_token'],
  external_account: ['audience', 'credential_source'],
  external_account_authorized_user: ['refresh_token'],
  impersonated_service_account: ['source_credentials', 'service_account_impersonation_url'],
  gdch_service_account: ['private_key'],
};

/** With other files firebase-admin ends the process at the first question. */
function faultOfCredentials(content: unknown): string | undefined {
  const file = (typeof content === 'object' && content !== null ? content : {}) as Plain;
  const { type = 'service_account' } = file;
  const needed = typeof type === 'string' && Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
  const missing = needed?.find((member) => file[member] === undefined);
  if (needed !== undefined && missing === undefined) return undefined;
  return file.type === undefined || needed === undefined
    ? `is no service account${whatElse(file)}`
    : `is no whole ${type}: ${missing} is missing`;
}

type Plain = Readonly<Record<string, unknown>>;

function whatElse(file: Plain): string {
  const fix = ' (Firebase console, Project settings, Service accounts, Generate new private key)';
  if (file.apiKey !== undefined) return `: it is the configuration of a web app${fix}`;
  if (file.project_info !== undefined) return `: it is the google-services.json of an app${fix}`;
  if (file.web !== undefined || file.installed !== undefined) {
    return `: it is the client secret of a sign-in${fix}`;
  }
  return fix;
}
