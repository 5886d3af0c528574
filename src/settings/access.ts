// Who may enter a room.
import type { FirestoreSource, HostFirestore } from '../access/firestore.ts';
import {
  faultOfDatabase,
  faultOfMembersField,
  faultOfRoomPath,
} from '../access/firestore-names.ts';
import { faultOfAccessUrl } from '../access/http-rule.ts';
import { type AuthorizeRoom, ROOM_ACCESS_RULES } from '../access/room-access.ts';
import type { FirebaseApp } from '../base/firebase-admin.ts';
import { faultOfWebhookSecret } from '../base/standard-webhooks.ts';
import { aFunction, objectOf, oneOf, secret, text } from './kinds.ts';
import type { Say } from './say.ts';
import type { Table, ValuesOf } from './setting.ts';
import type { AccessSettings } from './settings.ts';

const ROOM_PATH_EXAMPLE = 'chats/{roomName}';

const aFirestore = objectOf(
  'HostFirestore',
  (value): value is HostFirestore =>
    ['doc', 'collection', 'getAll'].every(
      (method) => typeof (value as Record<string, unknown> | null)?.[method] === 'function',
    ),
  'be the Firestore of firebase-admin or @google-cloud/firestore (that of the web SDK is another)',
);

export const ACCESS = {
  /**
   * Who may enter a room: `any` (default) verified user; `calls`: nobody but a call's own;
   * `firestore`: the members that a document lists; `http`: whom the host's backend lets in.
   */
  roomAccess: {
    variable: 'ROOM_ACCESS',
    meaning:
      'Who may enter a room: `any` verified user, `calls` (nobody but a call’s own), `firestore` ' +
      '(members of a document), `http` (whom your backend lets in)',
    default: 'any',
    asksFirebase: 'firestore',
    firestoreWillDo: true,
    kind: oneOf(...ROOM_ACCESS_RULES),
  },
  /** For `firestore`: the room's document, e.g. `chats/{roomName}`. Needs `firebaseApp` or `firestore`. */
  firestoreRoomPath: {
    variable: 'FIRESTORE_ROOM_PATH',
    meaning: `For \`firestore\`: the room’s document, like \`${ROOM_PATH_EXAMPLE}\``,
    kind: text(faultOfRoomPath),
  },
  /** For `firestore`: the field that lists the members' uids; may be dotted. Default `members`. */
  firestoreMembersField: {
    variable: 'FIRESTORE_MEMBERS_FIELD',
    meaning: 'For `firestore`: the field with the members’ uids, a list or a map; may be dotted',
    default: 'members',
    kind: text(faultOfMembersField),
  },
  /** The id of Firestore's database. Default: the project's `(default)`. */
  firestoreDatabase: {
    variable: 'FIRESTORE_DATABASE',
    meaning: 'Of Firestore: the id of the database, where it is not `(default)`',
    kind: text(faultOfDatabase),
  },
  /**
   * The host's own instance of Firestore (`getFirestore(app)`, `admin.firestore()`), in place of that
   * of `firebaseApp`: where the host has set it up by itself, or has another copy of firebase-admin.
   */
  firestore: {
    meaning: 'The host’s own Firestore',
    excludes: 'firestoreDatabase',
    kind: aFirestore,
  },
  /** For `http`: where the host's backend answers. */
  accessUrl: {
    variable: 'ACCESS_URL',
    meaning: 'For `http`: where your backend answers; https, or http in a private network',
    kind: text(faultOfAccessUrl),
  },
  /** For `http`: the Standard Webhooks secret (`whsec_…`) that signs each question. */
  accessSecret: {
    variable: 'ACCESS_SECRET',
    meaning: 'For `http`: the Standard Webhooks secret (`whsec_…`) that signs each question',
    secret: true,
    kind: secret(faultOfWebhookSecret),
  },
  /** The host's own rule, in place of `roomAccess`. An error, or no answer in 2 s, is 503. */
  authorizeRoom: {
    meaning: 'The host’s own rule',
    excludes: 'roomAccess',
    kind: aFunction<AuthorizeRoom>('AuthorizeRoom'),
  },
} as const satisfies Table;

type Values = ValuesOf<typeof ACCESS>;
type SayHere = Say<keyof typeof ACCESS>;

/** Undefined: its fault was told. */
export function accessSettings(
  values: Values,
  app: FirebaseApp | undefined,
  say: SayHere,
): AccessSettings | undefined {
  warnOfOpenDoors(values, say);
  const { authorizeRoom, roomAccess: rule } = values;
  if (authorizeRoom !== undefined) return { rule: 'host', authorizeRoom };
  const here = { setting: 'roomAccess', is: [rule] } as const;
  switch (rule) {
    case 'any':
    case 'calls':
      return { rule };
    case 'http': {
      const { accessUrl: url, accessSecret: secret } = values;
      if (url === undefined) say.needs(here, 'accessUrl');
      if (secret === undefined) say.needs(here, 'accessSecret');
      return url === undefined || secret === undefined ? undefined : { rule, url, secret };
    }
    case 'firestore': {
      const { firestoreRoomPath: roomPath, firestoreMembersField: membersField } = values;
      if (roomPath === undefined) say.needs(here, 'firestoreRoomPath', ROOM_PATH_EXAMPLE);
      const source = firestoreSource(values, app);
      const isAnswered = app !== undefined || values.firestore !== undefined;
      return roomPath === undefined || !isAnswered
        ? undefined
        : { rule, source, roomPath, membersField };
    }
  }
}

export const firestoreSource = (
  { firestore, firestoreDatabase: databaseId }: Pick<Values, 'firestore' | 'firestoreDatabase'>,
  app: FirebaseApp | undefined,
): FirestoreSource => ({ app, firestore, databaseId });

function warnOfOpenDoors(values: Values, say: SayHere): void {
  const { accessUrl, authorizeRoom, roomAccess } = values;
  if (say.production && accessUrl?.startsWith('http:')) {
    const name = say.nameOf('accessUrl');
    say.warning(`${name} is http://, not encrypted: only good inside a private network`);
  }
  if (roomAccess !== 'any' || authorizeRoom !== undefined) return;
  // Who has written it down has decided so; for production he is asked once more.
  if (say.isGiven('roomAccess') && !say.production) return;
  const name = say.nameOf('roomAccess');
  say.warning(`${name} is any: any signed-in user can join any room by name`);
}
