// All settings: a table a room. The order is that of `.env.example` and of the README.
import { ACCESS } from './access.ts';
import { APP_CHECK } from './app-check.ts';
import { CALLS } from './calls.ts';
import { DATABASE } from './database.ts';
import { FRONT } from './front.ts';
import { HOST } from './host.ts';
import { IDENTITY } from './identity.ts';
import { LIMITS } from './limits.ts';
import { LIVEKIT } from './livekit.ts';
import { NAMES } from './names.ts';
import { PUSH } from './push.ts';
import { SERVER } from './server.ts';
import { isVariable, type Setting, type VariableSetting } from './setting.ts';

/** What the house is built from, whoever gave it. */
export const HOUSE = {
  ...IDENTITY,
  ...APP_CHECK,
  ...LIVEKIT,
  ...ACCESS,
  ...DATABASE,
  ...CALLS,
  ...NAMES,
  ...PUSH,
  ...HOST,
  ...LIMITS,
  ...FRONT,
};
export type HouseSetting = keyof typeof HOUSE;

export const SETTINGS = { ...HOUSE, ...SERVER };

export const ROWS: ReadonlyMap<string, Setting> = new Map(Object.entries<Setting>(SETTINGS));

export const VARIABLES: readonly VariableSetting[] = [...ROWS.values()].filter(isVariable);

export function variableOf(setting: string): string {
  const variable = ROWS.get(setting)?.variable;
  if (variable === undefined) throw new TypeError(`${setting} has no variable`);
  return variable;
}

/** The settings that ask Firebase, each with the value with which it does. */
export const ASKS_FIREBASE = (Object.keys(HOUSE) as HouseSetting[]).flatMap((setting) => {
  const { asksFirebase: at, firestoreWillDo }: Setting = HOUSE[setting];
  return at === undefined ? [] : [{ setting, at, firestoreWillDo: firestoreWillDo === true }];
});

/** The same as variables, in a sentence. */
export function variablesThatAskFirebase(word: 'and' | 'or', asking = ASKS_FIREBASE): string {
  const spelled = asking.map(({ setting, at }) =>
    at === true ? variableOf(setting) : `${variableOf(setting)}=${at}`,
  );
  return [spelled.slice(0, -1).join(', '), spelled.at(-1)].filter(Boolean).join(` ${word} `);
}
