// Where the text of a variable comes from.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Render puts secret files here (https://render.com/docs/configure-environment-variables#secret-files). */
export const SECRETS_DIRECTORY = '/etc/secrets';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Of ASCII's blanks: others are looked at, where it is said what a value may be. */
const trimmed = (text: string): string => text.replace(/^[\t-\r ]+|[\t-\r ]+$/g, '');

/** Trimmed; an empty value is an unset one. */
export function textOf(value: string | undefined): string | undefined {
  const text = value && trimmed(value);
  return text === '' ? undefined : text;
}

export interface Source {
  readonly text: string;
  /** What stands in a file was written for this alone, and is taken as it is. */
  readonly isFile: boolean;
}

export function secretText(
  name: string,
  env: Environment,
  secretsDirectory: string,
): Source | undefined {
  const namedFile = textOf(env[`${name}_FILE`]);
  const secretFile = join(secretsDirectory, name);
  const forms = [
    { form: name, value: textOf(env[name]) },
    {
      form: `${name}_FILE`,
      value: namedFile && fileText(namedFile, `the file that ${name}_FILE names`, true),
    },
    { form: secretFile, value: fileText(secretFile, secretFile, false) },
  ].filter(({ value }) => value !== undefined);
  if (forms.length > 1) {
    throw new Error(`is given twice (${forms.map(({ form }) => form).join(' and ')}): keep one`);
  }
  const [found] = forms;
  return found?.value === undefined
    ? undefined
    : { text: found.value, isFile: found.form !== name };
}

/** `form`: how it is called. A path that somebody gave is told to nobody: it may be the secret itself. */
function fileText(path: string, form: string, mustExist: boolean): string | undefined {
  let content: string;
  try {
    content = trimmed(readFileSync(path, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!mustExist && (code === 'ENOENT' || code === 'ENOTDIR')) return undefined;
    throw new Error(`is to come from ${form}, which cannot be read (${code})`);
  }
  if (content === '') throw new Error(`is to come from ${form}, which is empty`);
  return content;
}
