// What is wrong beside other settings, and what is worth a second thought: told in the names that
// whoever set them knows, those of options or those of variables.

/** A setting, or a setting that has one of these values. */
export type Said<Name> = Name | { readonly setting: Name; readonly is: readonly string[] };

export interface Say<Name extends string = string> {
  readonly production: boolean;
  nameOf(setting: Name): string;
  /** Whether somebody has set it, and its value is no default. */
  isGiven(setting: Name): boolean;
  fault(sentence: string): void;
  /** For the log at start. */
  warning(sentence: string): void;
  /** `example` is one of what is needed. */
  needs(who: Said<Name>, what: Said<Name>, example?: string): void;
  /** Only a project whose id does that will do. */
  needsProjectThat(who: Name, does: string): void;
  /** `instead`: a setting of a host that would do. */
  needsFirebase(who: Said<Name>, instead?: Name): void;
}

/** With all that was told, in that order and each once. */
export interface Told extends Say {
  readonly faults: ReadonlySet<string>;
  readonly warnings: ReadonlySet<string>;
}

/** What is known before the settings are held against each other. */
export interface Known {
  readonly production: boolean;
  isGiven(setting: string): boolean;
  /** The faults of settings by themselves, each beginning with the setting's name. */
  readonly faults: readonly string[];
  /** All names of the settings that have these faults: what else is said of them may be wrong too. */
  readonly faulty: readonly string[];
}

/** https://expressjs.com/en/advanced/best-practice-performance.html#set-node_env-to-production */
export const isProduction = (nodeEnv: string | undefined): boolean =>
  /^prod(?:uction)?$/i.test(nodeEnv?.trim() ?? '');

function listener({ production, isGiven, faults: before, faulty }: Known) {
  const faults = new Set(before);
  const warnings = new Set<string>();
  const isDoubtful = (sentence: string): boolean =>
    sentence.split(/[^\w]+/).some((word) => faulty.includes(word));
  return {
    production,
    isGiven,
    faults,
    warnings,
    /** `about`: what it is about, where that is not all that it names. */
    fault(sentence: string, about: string = sentence) {
      if (!isDoubtful(about)) faults.add(sentence);
    },
    warning: (sentence: string) => void warnings.add(sentence),
  };
}

export function sayInOptions(known: Known): Told {
  const heard = listener(known);
  const spell = (said: Said<string>): string =>
    typeof said === 'string'
      ? said
      : `${said.setting}: ${said.is.map((value) => `'${value}'`).join(' or ')}`;
  return {
    ...heard,
    nameOf: (option) => option,
    needs: (who, what) => heard.fault(`${spell(who)} needs ${spell(what)}`),
    needsProjectThat: (who, does) => heard.fault(`${who} needs a project whose id ${does}`),
    needsFirebase: (who, instead) =>
      heard.fault(
        `${spell(who)} needs firebaseApp${instead === undefined ? '' : ` (or ${instead})`}`,
      ),
  };
}

export interface VariableNames {
  readonly nameOf: (setting: string) => string;
  /** A service account, and what is as good. */
  readonly serviceAccount: string;
  /** All of what is set that needs it. */
  readonly asksFirebase: string;
}

export function sayInVariables(known: Known, names: VariableNames): Told {
  const heard = listener(known);
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
    needsFirebase: (who) =>
      heard.fault(
        `${names.serviceAccount} is needed for ${names.asksFirebase}`,
        `${names.serviceAccount} ${spell(who)}`,
      ),
  };
}
