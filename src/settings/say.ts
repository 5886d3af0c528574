// What is wrong beside other settings, and what is worth a second thought: told in the names that
// whoever set them knows, those of options or those of variables.

/** A setting, or a setting that has one of these values. */
export type Said<Name> = Name | { readonly setting: Name; readonly is: readonly string[] };

export interface Say<Name extends string = string> {
  readonly production: boolean;
  nameOf(setting: Name): string;
  fault(sentence: string): void;
  /** For the log at start. A host is not told. */
  warning(sentence: string): void;
  /** `example` is one of what is needed. */
  needs(who: Said<Name>, what: Said<Name>, example?: string): void;
  /** Only a project whose id does that will do. */
  needsProjectThat(who: Name, does: string): void;
  needsFirebase(who: Said<Name>): void;
}

/** With all that was told, in that order and each once. */
export interface Told extends Say {
  readonly faults: ReadonlySet<string>;
  readonly warnings: ReadonlySet<string>;
}

function listener(production: boolean) {
  const faults = new Set<string>();
  const warnings = new Set<string>();
  const fault = (sentence: string) => void faults.add(sentence);
  const warning = (sentence: string) => void warnings.add(sentence);
  return { production, faults, warnings, fault, warning };
}

export function sayInOptions(production: boolean): Told {
  const heard = listener(production);
  const spell = (said: Said<string>): string =>
    typeof said === 'string'
      ? said
      : `${said.setting}: ${said.is.map((value) => `'${value}'`).join(' or ')}`;
  return {
    ...heard,
    nameOf: (option) => option,
    needs: (who, what) => heard.fault(`${spell(who)} needs ${spell(what)}`),
    needsProjectThat: (who, does) => heard.fault(`${who} needs a project whose id ${does}`),
    needsFirebase: (who) =>
      heard.fault(
        `${spell(who)} needs firebaseApp${typeof who === 'string' ? '' : ' (or firestore)'}`,
      ),
  };
}

export interface VariableNames {
  readonly nameOf: (setting: string) => string;
  /** A service account, and what is as good. */
  readonly serviceAccount: string;
  /** All that needs it. */
  readonly asksFirebase: string;
}

export function sayInVariables(production: boolean, names: VariableNames): Told {
  const heard = listener(production);
  const { nameOf } = names;
  const spell = (said: Said<string>): string =>
    typeof said === 'string' ? nameOf(said) : `${nameOf(said.setting)}=${said.is.join('|')}`;
  return {
    ...heard,
    nameOf,
    needs(who, what, example) {
      const like = example === undefined ? '' : `, like ${example}`;
      heard.fault(
        typeof what === 'string'
          ? `${nameOf(what)} is required with ${spell(who)}${like}`
          : `${spell(who)} needs ${nameOf(what.setting)} to be ${what.is.join(' or ')}`,
      );
    },
    needsProjectThat: (who, does) =>
      heard.fault(`${nameOf(who)} needs a ${nameOf('firebaseProjectId')} that ${does}`),
    // One account serves all of them, and one sentence does.
    needsFirebase: () => heard.fault(`${names.serviceAccount} is needed for ${names.asksFirebase}`),
  };
}
