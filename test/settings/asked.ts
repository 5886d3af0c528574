// A configuration in which one setting is tried: as a variable and, where there is one, as an option.
import { join } from 'node:path';
import { checkOptions } from '../../src/settings/check-options.ts';
import { ConfigError, loadConfig } from '../../src/settings/config.ts';
import { isOption } from '../../src/settings/setting.ts';
import { ROWS } from '../../src/settings/table.ts';

export interface Outcome {
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
}

const nowhere = join(import.meta.dirname, 'there-is-no-such-folder');

/** What is said of an environment; the project and the rule are in order unless it has its own. */
export function said(env: Record<string, string>): Outcome {
  const all = { FIREBASE_PROJECT_ID: 'my-project', ROOM_ACCESS: 'calls', ...env };
  try {
    return { faults: [], warnings: loadConfig(all, nowhere, nowhere).warnings };
  } catch (error) {
    if (error instanceof ConfigError) return { faults: error.problems, warnings: error.hints };
    throw error;
  }
}

/** The same of options. */
export function saidOfOptions(options: Record<string, unknown>): Outcome {
  const warnings: string[] = [];
  const all = { firebaseProjectId: 'my-project', roomAccess: 'calls', ...options };
  try {
    checkOptions(all as never, (warning) => void warnings.push(warning));
    return { faults: [], warnings };
  } catch (error) {
    return { faults: (error as Error).message.replace(/^\w+: /, '').split('; '), warnings: [] };
  }
}

/** What is said of a value, without the setting's name; throws where options say something else. */
export function saidOf(variable: string, value: string): Outcome {
  const [name = '', row] = [...ROWS].find(([, { variable: one }]) => one === variable) ?? [];
  const without = ({ faults, warnings }: Outcome, named: string): Outcome => ({
    faults: faults.map((fault) => fault.replace(`${named} `, '')),
    warnings: warnings.map((warning) => warning.replace(`${named} `, '')),
  });
  const asVariable = without(said({ [variable]: value }), variable);
  if (row !== undefined && isOption(row) && row.kind.type === 'string') {
    const asOption = without(saidOfOptions({ [name]: value }), name);
    const [one, other] = [JSON.stringify(asVariable), JSON.stringify(asOption)];
    if (one !== other) throw new Error(`${variable}: ${one}, and as an option ${other}`);
  }
  return asVariable;
}
