// What may stand in FIRESTORE_ROOM_PATH, FIRESTORE_PROFILE_PATH and in the names of their fields.

const PLACEHOLDER = '{roomName}';
const USER_PLACEHOLDER = '{uid}';
const SEGMENT_MAX_BYTES = 1_500;

/** The path of a room's document. */
export const documentPath = (roomPath: string, roomName: string): string =>
  // A function, because a room name may hold what `replace` takes for a pattern ($&).
  roomPath.replace(PLACEHOLDER, () => roomName);

/** The path of a user's document. */
export const profilePath = (path: string, uid: string): string =>
  path.replace(USER_PLACEHOLDER, () => uid);

/** https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields */
export const isReserved = (name: string): boolean => /^__.*__$/s.test(name);

export const isDocumentId = (text: string): boolean =>
  text !== '' &&
  text !== '.' &&
  text !== '..' &&
  !text.includes('/') &&
  !isReserved(text) &&
  Buffer.byteLength(text) <= SEGMENT_MAX_BYTES;

/** What is wrong with the path, as the end of a sentence, or undefined where nothing is. */
export const faultOfRoomPath = (path: string): string | undefined =>
  faultOfPath(path, PLACEHOLDER, `chats/${PLACEHOLDER}`);

export const faultOfProfilePath = (path: string): string | undefined =>
  faultOfPath(path, USER_PLACEHOLDER, `users/${USER_PLACEHOLDER}`);

function faultOfPath(path: string, placeholder: string, example: string): string | undefined {
  const segments = path.split('/');
  if (segments.some((segment) => segment === '')) {
    return 'must have no empty part, and no slash at its beginning or end';
  }
  const fixed = segments.filter((segment) => segment !== placeholder);
  if (segments.length - fixed.length !== 1 || fixed.some((segment) => /[{}]/.test(segment))) {
    return `must hold ${placeholder} exactly once, as a whole part of the path, like ${example}`;
  }
  if (segments.length % 2 !== 0) {
    return `must lead to a document: collection and document in turn, like ${example}`;
  }
  const odd = fixed.find((segment) => !isDocumentId(segment));
  return odd === undefined
    ? undefined
    : `holds ${JSON.stringify(odd)}, which Firestore doesn't allow`;
}

/** What is wrong with the field, as the end of a sentence, or undefined where nothing is. */
export function faultOfMembersField(membersField: string): string | undefined {
  return membersField.split('.').every((part) => part !== '' && !isReserved(part))
    ? undefined
    : 'must be the name of a field, or names with dots between them, like access.members';
}

/**
 * What is wrong with the name of a database, as the end of a sentence, or undefined
 * (https://firebase.google.com/docs/firestore/manage-databases#database_id).
 */
export function faultOfDatabase(name: string): string | undefined {
  return name === '(default)' || /^[a-z][a-z0-9-]{2,61}[a-z0-9]$/.test(name)
    ? undefined
    : 'must be the id of a Firestore database: 4 to 63 lower-case letters, digits and hyphens, or (default)';
}
