// A service account's JSON as people hand it over: in base64, encoded twice, with backslashes too
// many, or another file than the one that was asked for. Nothing of its text is ever told.
import { whatElse } from './credential-files.ts';
import type { VariableKind } from './kinds.ts';
import { type Odd, unheard, unpacked } from './pasted.ts';

/** What a service account's JSON must hold for firebase-admin. */
export interface ServiceAccount {
  readonly project_id: string;
  readonly client_email: string;
  readonly private_key: string;
}

type Plain = Readonly<Record<string, unknown>>;

/** As the console writes them, and as firebase-admin takes them in code. */
const MEMBERS = {
  project_id: 'projectId',
  client_email: 'clientEmail',
  private_key: 'privateKey',
} as const;

/** JSON, or base64 of it. */
export const serviceAccount: VariableKind<ServiceAccount> = {
  read(given, odd = unheard) {
    const text = unpacked(given, odd);
    const file = objectIn(text, odd);
    if (file === undefined) throw new Error(faultOfText(text));
    const member = (name: keyof typeof MEMBERS): string => {
      const value = file[name] ?? file[MEMBERS[name]];
      if (typeof value === 'string') return value;
      throw new Error(`is no service account: ${name} is missing${whatElse(file)}`);
    };
    const project_id = member('project_id');
    const client_email = member('client_email');
    return { ...file, project_id, client_email, private_key: keyIn(member('private_key'), odd) };
  },
};

/** The object in the text, however it was wrapped. */
function objectIn(text: string, odd: Odd): Plain | undefined {
  const found = unwrapped(text, 0);
  if (found === undefined) return undefined;
  if (found.isMended)
    odd(
      'was encoded more often than once, or has line breaks in its private_key: it is read as it was meant',
    );
  return found.file;
}

interface Unwrapped {
  readonly file: Plain;
  readonly isMended: boolean;
}

/** So often and no more: JSON in JSON, base64 in base64. */
const WRAPPINGS_MAX = 3;

function unwrapped(text: string, depth: number): Unwrapped | undefined {
  if (depth > WRAPPINGS_MAX) return undefined;
  const within = (inner: string, isMended = true): Unwrapped | undefined => {
    const found = unwrapped(inner.trim(), depth + 1);
    return found && { file: found.file, isMended: isMended || found.isMended };
  };
  const value = parsed(text);
  if (typeof value === 'string') return within(value);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return { file: value as Plain, isMended: false };
  }
  if (text.startsWith('{')) {
    // A line break inside of a string is written \n; or each quote has a backslash before it.
    const mended = [keyInOneLine(text), parsed(`"${text}"`)];
    for (const one of mended) {
      if (typeof one === 'string' && one !== text) {
        const found = within(one);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }
  return /^[\w+/=\s-]{16,}$/.test(text)
    ? within(Buffer.from(text, 'base64').toString(), depth > 0)
    : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const keyInOneLine = (text: string): string =>
  text.replace(/-----BEGIN [^"]*?-----END [A-Z ]+-----\s*/g, (key) => key.replace(/\r?\n/g, '\\n'));

/** With `\n` for each line break, where a backslash has come twice. */
function keyIn(text: string, odd: Odd): string {
  if (!text.includes('\\n')) return text;
  odd('has \\n in its private_key in place of line breaks: they are read as such');
  return text.replaceAll(/(?:\\r)?\\n/g, '\n');
}

function faultOfText(text: string): string {
  const should = 'must be the JSON of a service account, or base64 of it';
  if (/^-----BEGIN/.test(text)) return `${should}: this is its private_key alone`;
  if (/^(?:\.{0,2}\/|~\/|[A-Za-z]:\\)[^{}"\r\n]*$|^[\w.-]+\.json$/.test(text)) {
    return `${should}: a path belongs into GOOGLE_APPLICATION_CREDENTIALS, or into FIREBASE_SERVICE_ACCOUNT_FILE`;
  }
  if (/^\{\s*(?:'|[A-Za-z_]\w*\s*:)/.test(text))
    return `${should}: this is JavaScript, without double quotes`;
  if (/^\{[^{}]*$/.test(text)) {
    return `${should}: it ends in its middle, after a line break or a # (write it in one line, or base64 of it)`;
  }
  return should;
}
