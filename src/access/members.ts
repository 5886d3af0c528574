// Who is a member, by what a room's document holds: every shape that is read, and a name for every
// one that isn't.

/** How one member can be asked about; `whole`: only by fetching all of them. */
export type MembersKind = 'map' | 'list' | 'whole';

/** What a list or a map of members came to. */
export interface Members {
  /** Undefined where it cannot be told: there is nothing, or nothing that is read. */
  readonly kind: MembersKind | undefined;
  has(uid: string): boolean;
  /** Why nobody is a member, or not everybody who is meant; undefined: it was read. */
  readonly unread: UnreadShape | undefined;
}

/** A closed list: each of them is told once. */
export type UnreadShape =
  | 'no-document'
  | 'no-field'
  | 'text'
  | 'reference'
  | 'other-value'
  | 'list-of-several'
  | 'list-of-objects'
  | 'list-of-references'
  | 'list-of-addresses'
  | 'list-of-names';

/** The keys by which apps name the user in a list of objects. */
const UID_KEYS = ['uid', 'userId', 'user_id'];

const nobody = (unread: UnreadShape | undefined): Members => ({
  kind: undefined,
  has: () => false,
  unread,
});

export function membersOf(value: unknown): Members {
  if (Array.isArray(value)) return membersOfList(value);
  if (value === undefined || value === null) return nobody('no-field');
  if (typeof value === 'string') return nobody('text');
  if (isReference(value)) return nobody('reference');
  if (!isMap(value)) return nobody('other-value');
  return {
    kind: 'map',
    has: (uid) => Object.hasOwn(value, uid) && isYes(value[uid]),
    unread: undefined,
  };
}

/** What stands beside a uid in a map: any value but `false` and `null`, as security rules have it. */
export const isYes = (value: unknown): boolean =>
  value !== undefined && value !== false && value !== null;

function membersOfList(list: readonly unknown[]): Members {
  if (list.length === 0) return nobody(undefined);
  const strings = list.filter((item) => typeof item === 'string');
  const uids = uidsOfObjects(list) ?? uidsOfReferences(list);
  const set = new Set(uids ?? strings);
  const has = (uid: string) => set.has(uid);
  if (uids !== undefined) return { kind: 'whole', has, unread: undefined };
  if (strings.length === list.length) return { kind: 'list', has, unread: unreadOf(strings) };
  return { kind: 'whole', has, unread: unreadOfObjects(list, strings.length) };
}

/** `[{uid: "alice"}, …]`: where all are objects, and all say it by the same one key. */
function uidsOfObjects(list: readonly unknown[]): string[] | undefined {
  if (!list.every(isMap)) return undefined;
  const inUse = UID_KEYS.filter((key) => list.some((item) => Object.hasOwn(item, key)));
  // An `id` may be that of the entry itself, where another key names the user.
  const key = inUse.length === 0 ? 'id' : inUse[0];
  if (inUse.length > 1 || key === undefined) return undefined;
  const uids = list.map((item) => (Object.hasOwn(item, key) ? item[key] : undefined));
  return uids.every((uid) => typeof uid === 'string') ? uids : undefined;
}

/** `[users/alice, …]`: where all lead into one collection. */
function uidsOfReferences(list: readonly unknown[]): string[] | undefined {
  if (!list.every(isReference)) return undefined;
  const collections = new Set(list.map(({ path }) => path.slice(0, path.lastIndexOf('/'))));
  return collections.size === 1 ? list.map(({ id }) => id) : undefined;
}

function unreadOf(strings: readonly string[]): UnreadShape | undefined {
  if (strings.every((text) => /.@./.test(text))) return 'list-of-addresses';
  // A uid of Firebase's own has 28 letters and digits.
  return strings.every((text) => /^[A-Za-z0-9]{20,}_./.test(text)) ? 'list-of-names' : undefined;
}

function unreadOfObjects(list: readonly unknown[], strings: number): UnreadShape {
  if (strings > 0) return 'list-of-several';
  if (list.every(isMap)) return 'list-of-objects';
  return list.every(isReference) ? 'list-of-references' : 'list-of-several';
}

type Plain = Readonly<Record<string, unknown>>;

/** A reference, a timestamp and the like are objects too, and no maps. */
function isMap(value: unknown): value is Plain {
  return (
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}

/** By its shape: whose class it is depends on whose copy of the SDK has read it. */
function isReference(value: unknown): value is { id: string; path: string } {
  if (typeof value !== 'object' || value === null || isMap(value)) return false;
  const { id, path } = value as { id?: unknown; path?: unknown };
  return typeof id === 'string' && typeof path === 'string' && path.endsWith(`/${id}`);
}
