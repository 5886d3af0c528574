// By what name a call rings.

import type { FirestoreSource } from '../access/firestore.ts';
import { faultOfMembersField, faultOfProfilePath } from '../access/firestore-names.ts';
import type { ProfileOf } from '../access/profiles.ts';
import type { DatabaseSettings } from './database.ts';
import { aFunction, text } from './kinds.ts';
import type { Say } from './say.ts';
import type { Table, ValuesOf } from './setting.ts';
import type { NameSettings } from './settings.ts';

export const NAMES = {
  /**
   * By what name and picture somebody calls, before all other sources. An error, or no answer in 1 s,
   * stops no ring: the next source is asked (`firestoreProfilePath`, the access answer, the ID token).
   */
  profileOf: {
    meaning: 'By what name and picture somebody calls',
    kind: aFunction<ProfileOf>('ProfileOf'),
  },
  /** The document with a user’s name, e.g. `users/{uid}`. Needs `firebaseApp` or `firestore`. */
  firestoreProfilePath: {
    variable: 'FIRESTORE_PROFILE_PATH',
    meaning:
      'The document with a user’s name, like `users/{uid}`. Unset: calls ring by the name of the ID token, ' +
      'which accounts by phone number lack',
    asksFirebase: true,
    firestoreWillDo: true,
    kind: text(faultOfProfilePath),
  },
  /** The field of that document with the name; may be dotted. Default `displayName`. */
  profileNameField: {
    variable: 'PROFILE_NAME_FIELD',
    meaning: 'The field of that document with the name; may be dotted',
    default: 'displayName',
    kind: text(faultOfMembersField),
  },
  /** The field with the address of the picture; may be dotted. Default `photoURL`. */
  profilePictureField: {
    variable: 'PROFILE_PICTURE_FIELD',
    meaning: 'The field with the address of the picture; may be dotted',
    default: 'photoURL',
    kind: text(faultOfMembersField),
  },
} as const satisfies Table;

export function nameSettings(
  values: ValuesOf<typeof NAMES>,
  { source, database }: { source: FirestoreSource; database: DatabaseSettings | undefined },
  say: Say<keyof typeof NAMES | 'database'>,
): NameSettings {
  const { profileOf, firestoreProfilePath: path } = values;
  if (path !== undefined && database === undefined) say.needs('firestoreProfilePath', 'database');
  const { profileNameField: nameField, profilePictureField: pictureField } = values;
  return {
    ...(profileOf && { profileOf }),
    ...(path !== undefined && { firestore: { source, path, nameField, pictureField } }),
  };
}
