// The file with which firebase-admin asks Firebase, where it is not given by itself.
import { readFileSync } from 'node:fs';
import { whatElse } from './credential-files.ts';
import type { VariableKind } from './kinds.ts';
import { unpacked } from './pasted.ts';

export interface CredentialsFile {
  readonly path: string;
  readonly projectId?: string;
}

/** A file that firebase-admin will read by itself, looked at now: at the first request is too late. */
export const credentialsFile: VariableKind<CredentialsFile> = {
  read(given) {
    const path = unpacked(given);
    if (!isPath(path)) {
      throw new Error(
        'is no path: it names a file; put the JSON itself into FIREBASE_SERVICE_ACCOUNT',
      );
    }
    if (path !== given.trim()) {
      throw new Error('must be a path alone, without quotes: firebase-admin reads it as it is');
    }
    const content = contentOf(path);
    const fault = faultOfCredentials(content);
    if (fault !== undefined) throw new Error(`names a file that ${fault}`);
    const projectId = (content as { project_id?: unknown }).project_id;
    return typeof projectId === 'string' ? { path, projectId } : { path };
  },
};

function contentOf(path: string): unknown {
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
    return JSON.parse(text);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== undefined) throw new Error(`names a file that cannot be read (${code})`);
    throw new Error(
      /^\uFEFF|[\0\uFFFD]/.test(text)
        ? 'names a file that must be UTF-8 without a byte order mark: save it so'
        : 'names a file that is no JSON',
    );
  }
}

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
  const file = (typeof content === 'object' && content !== null ? content : {}) as Readonly<
    Record<string, unknown>
  >;
  if (typeof file.private_key === 'string' && file.private_key.includes('\\n')) {
    return 'has \\n in its private_key in place of line breaks: a backslash has come twice';
  }
  const { type = 'service_account' } = file;
  const needed = typeof type === 'string' && Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
  const missing = needed?.find((member) => file[member] === undefined);
  if (needed !== undefined && missing === undefined) return undefined;
  return file.type === undefined || needed === undefined
    ? `is no service account${whatElse(file)}`
    : `is no whole ${type}: ${missing} is missing`;
}
