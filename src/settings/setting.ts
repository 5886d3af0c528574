// A setting is a row in the table of its room. Options, variables, defaults and texts come from it.
import type { Kind, OptionKind, VariableKind } from './kinds.ts';

interface Row {
  /** For `.env.example`, the README and whoever has to mend it; without a full stop. */
  readonly meaning: string;
  /** The value with which Firebase is asked, which takes somebody to ask as. True: any but off. */
  readonly asksFirebase?: true | string;
  /** It is Firestore that is asked, and an instance of the host's own will do. */
  readonly firestoreWillDo?: true;
  /** The option whose place it takes. */
  readonly excludes?: string;
}

interface VariableRow extends Row {
  readonly variable: string;
  /** As an operator would write it. Absent: unset. */
  readonly default?: string;
  /** Of the server. A host may have other ways to say it. */
  readonly required?: true;
  /** Also read from `NAME_FILE` or a secret file; its value is never printed. */
  readonly secret?: true;
}

/** An option, by the name of its row, and a variable. */
interface Shared extends VariableRow {
  readonly onlyVariable?: undefined;
  readonly kind: Kind<unknown>;
}

/** What only a server of its own has. */
interface OnlyVariable extends VariableRow {
  readonly onlyVariable: true;
  readonly kind: VariableKind<unknown>;
}

/** What only a host has. */
type OnlyOption = Row & {
  readonly variable?: undefined;
} & (
    | { readonly default?: undefined; readonly kind: OptionKind<unknown> }
    | { readonly default: string; readonly kind: Kind<unknown> }
  );

export type OptionSetting = Shared | OnlyOption;
export type VariableSetting = Shared | OnlyVariable;
export type Setting = OptionSetting | OnlyVariable;
export type Table = Readonly<Record<string, Setting>>;

export const isOption = (setting: Setting): setting is OptionSetting =>
  setting.variable === undefined || !setting.onlyVariable;
export const isVariable = (setting: Setting): setting is VariableSetting =>
  setting.variable !== undefined;
export const defaultOf = (setting: Setting): unknown =>
  setting.default === undefined ? undefined : setting.kind.read(setting.default);

type ValueOf<Row> = Row extends { kind: { take(...given: never): infer T } }
  ? T
  : Row extends { kind: { read(text: string): infer T } }
    ? T
    : never;

type OptionNames<Rows> = {
  [Name in keyof Rows]: Rows[Name] extends { onlyVariable: true } ? never : Name;
}[keyof Rows];

/** What a host may give. No key is remapped: each option keeps the documentation of its row. */
export type OptionsOf<Rows, Names extends keyof Rows = OptionNames<Rows>> = {
  -readonly [Name in Names]?: ValueOf<Rows[Name]> | undefined;
};

/** What came of it, defaults in place. */
export type ValuesOf<Rows, Certain = { default: string }> = {
  readonly [Name in keyof Rows]:
    | ValueOf<Rows[Name]>
    | (Rows[Name] extends Certain ? never : undefined);
};

/** The same where the environment was read. */
export type VariablesOf<Rows> = ValuesOf<Rows, { default: string } | { required: true }>;
