// The one place that knows Firestore's SDK, which takes a second and 60 MB until its first answer
// and is there only where firebase-admin is: it is loaded when it is first asked.
import type { App } from 'firebase-admin/app';
import type { FieldPath, Firestore } from 'firebase-admin/firestore';
import type { Clock } from '../base/clock.ts';
import { type FirebaseApp, loadFirebaseAdmin, partOfItsCopy } from '../base/firebase-admin.ts';
import { lazily } from '../base/under-way.ts';
import type { Field, FirestoreQuestions } from './firestore-rule.ts';
import { createWay, keepAlive } from './firestore-way.ts';

/** What is used of a Firestore of the host's own, of whichever copy of the SDK. */
export interface HostFirestore {
  readonly databaseId: string;
  doc(documentPath: string): object;
  collection(collectionPath: string): object;
  getAll(...references: never[]): Promise<object>;
}

export interface FirestoreSource {
  /** The host's or our own; undefined where `firestore` is given. */
  readonly app: FirebaseApp | undefined;
  /** The host's own instance, in place of one that the app's copy of firebase-admin makes. */
  readonly firestore?: HostFirestore | undefined;
  /** Undefined: `(default)`. */
  readonly databaseId?: string | undefined;
}

export interface OpenFirestore {
  readonly questions: FirestoreQuestions;
  /** What these fields of a document hold, in their order; undefined: there is none. */
  fieldsOf(
    path: string,
    fields: readonly (readonly string[])[],
  ): Promise<readonly unknown[] | undefined>;
  /** Rejects with a TypeError where it can never be asked, and the settings are at fault. */
  open(): Promise<void>;
  /** Closes what we have opened, and nothing of the host's. */
  close(): Promise<void>;
}

export function openFirestore(source: FirestoreSource, clock: Clock): OpenFirestore {
  const way = lazily(async () => createWay(await firestoreOf(source), clock));
  const signedIn = lazily(async () => signIn(source.app, (await way()).current()));

  /** Asks, and minds whether an answer comes. */
  const ask = async <T>(
    question: (firestore: Firestore, paths: Paths) => Promise<T>,
  ): Promise<T> => {
    const to = await way();
    await signedIn();
    const firestore = to.current();
    // It would fail where nobody can catch it.
    if ((firestore as Inside)._clientPool?.terminated)
      throw new Error('this Firestore was terminated');
    return to.watch(() => question(firestore, pathsOf(firestore)));
  };
  /** The mask: of a document that may hold a megabyte, only so much travels. */
  const fieldsOf: OpenFirestore['fieldsOf'] = (path, fields) =>
    ask(async (firestore, { FieldPath }) => {
      const fieldMask = fields.map((names) => new FieldPath(...names));
      const [document] = await firestore.getAll(firestore.doc(path), { fieldMask });
      return document?.exists ? fieldMask.map((field): unknown => document.get(field)) : undefined;
    });
  const readAt = async (path: string, names: readonly string[]) => {
    const values = await fieldsOf(path, [names]);
    return values && { value: values[0] };
  };

  return {
    questions: {
      keyOf: async ({ path, field }, key) => (await readAt(path, [...field, key]))?.value,
      read: ({ path, field }) => readAt(path, field),
      isInList: (room, text) => ask((firestore, paths) => isInList(firestore, paths, room, text)),
      lookAround: (path) =>
        ask(async (firestore) => {
          const room = firestore.doc(path);
          const [document, collections] = await Promise.all([room.get(), room.listCollections()]);
          return {
            fields: Object.keys(document.data() ?? {}),
            collections: collections.map(({ id }) => id),
          };
        }),
    },
    fieldsOf,
    async open() {
      await way();
    },
    async close() {
      await (await way().catch(() => undefined))?.close();
    },
  };
}

async function isInList(
  firestore: Firestore,
  { FieldPath }: Paths,
  { path, field }: Field,
  text: string,
): Promise<boolean> {
  const { id, parent } = firestore.doc(path);
  const found = await parent
    .where(FieldPath.documentId(), '==', id)
    .where(new FieldPath(...field), 'array-contains', text)
    // Nothing of the document but its name.
    .select(FieldPath.documentId())
    .limit(1)
    .get();
  return !found.empty;
}

interface Paths {
  readonly FieldPath: typeof FieldPath;
}

/** Of the instance's own copy of the SDK: it takes no other's. */
const pathsOf = (firestore: Firestore): Paths => firestore.constructor as unknown as Paths;

async function firestoreOf({ app, firestore, databaseId }: FirestoreSource): Promise<Firestore> {
  if (firestore !== undefined) return firestore as unknown as Firestore;
  if (app === undefined) throw new TypeError('Firestore needs an app');
  const copy = partOfItsCopy(app, 'firestore') ?? (await ownCopy(app));
  try {
    return databaseId === undefined
      ? copy.getFirestore(app as App)
      : copy.getFirestore(app as App, databaseId);
  } catch (cause) {
    throw new TypeError(
      'Firestore takes none of this credential: give firebaseApp one of cert() or ' +
        'applicationDefault(), or give a Firestore of your own (firestore)',
      { cause },
    );
  }
}

/** Where no copy is known to have made the app: ours has, in one bundle with it, or none can be used. */
async function ownCopy(app: FirebaseApp) {
  const neededBy = 'Firestore';
  const { getApps } = await loadFirebaseAdmin(() => import('firebase-admin/app'), neededBy);
  if (!(getApps() as FirebaseApp[]).includes(app)) {
    throw new TypeError(
      'firebaseApp was deleted, or made by another copy of firebase-admin than the one that ' +
        'Switchboard finds: give the Firestore beside it (firestore: getFirestore(app)), or keep ' +
        'one copy (npm ls firebase-admin)',
    );
  }
  return loadFirebaseAdmin(() => import('firebase-admin/firestore'), neededBy);
}

/** What the SDK keeps of its settings. */
interface Inside {
  readonly _settings?: { readonly ssl?: boolean; readonly preferRest?: boolean };
  readonly _clientPool?: { readonly terminated?: boolean };
}

/**
 * Without credentials the SDK fails in places where nobody can catch it, and ends the process: the
 * first question waits until there are some. The emulator needs none, and a key file is one.
 */
async function signIn(app: FirebaseApp | undefined, firestore: Firestore): Promise<void> {
  const credential = app?.options.credential as
    | { clientEmail?: unknown; getAccessToken?(): Promise<unknown> }
    | undefined;
  const { ssl, preferRest } = (firestore as Inside)._settings ?? {};
  // By REST the emulator is asked with credentials too.
  if (ssl === false && preferRest !== true) return;
  if (typeof credential?.clientEmail === 'string') return;
  try {
    await credential?.getAccessToken?.();
  } catch (cause) {
    throw new Error(
      'Firestore cannot be asked without credentials: give a service account, or set ' +
        'FIRESTORE_EMULATOR_HOST where an emulator is meant',
      { cause },
    );
  }
}

/** Of an app of our own, before anybody has asked its Firestore. */
export async function keepFirestoreAlive(app: FirebaseApp, databaseId?: string): Promise<void> {
  keepAlive(await firestoreOf({ app, databaseId }));
}
