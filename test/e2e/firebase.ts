// Firebase's own side of an app: the Auth emulator, and the client SDK that signs its users in.
// Both have a package folder of their own, so that the root's install stays small.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../../scripts/commands.ts';
import { PROJECT_ID } from '../fakes/firebase.ts';
import { startChild } from './child.ts';
import { freeTcpPorts } from './ports.ts';

const FOLDER = fileURLToPath(new URL('./firebase/', import.meta.url));
const TOOLS = join(FOLDER, 'node_modules', 'firebase-tools', 'lib', 'bin', 'firebase.js');
/** What an install may take on a slow line. */
export const INSTALLED_WITHIN_MS = 400_000;
const READY_WITHIN_MS = 60_000;

/** Somebody who is signed in on a phone of their own. */
export interface SignedIn {
  readonly uid: string;
  /** As the SDK holds it, or a new one. */
  idToken(isNew?: boolean): Promise<string>;
}

export interface AuthEmulator {
  /** `FIREBASE_AUTH_EMULATOR_HOST`. */
  readonly host: string;
  /** Makes an account with e-mail and password, and signs in to it. */
  signUp(email: string, displayName: string): Promise<SignedIn>;
  signInAnonymously(): Promise<SignedIn>;
  stop(): Promise<void>;
}

export async function startAuthEmulator(): Promise<AuthEmulator> {
  await install();
  const work = mkdtempSync(join(tmpdir(), 'livekit-switchboard-auth-'));
  const [auth = 0, hub = 0, logging = 0] = await freeTcpPorts(3);
  const at = (port: number) => ({ host: '127.0.0.1', port });
  const emulators = { auth: at(auth), hub: at(hub), logging: at(logging), ui: { enabled: false } };
  writeFileSync(join(work, 'firebase.json'), JSON.stringify({ emulators }));
  const child = startChild({
    command: process.execPath,
    args: [TOOLS, 'emulators:start', '--only', 'auth', '--project', PROJECT_ID],
    cwd: work,
    // A home of its own: nobody's login is read, and nothing is left behind.
    env: { PATH: process.env.PATH, HOME: work },
  });
  const apps: { delete(): Promise<void> }[] = [];
  const stop = async () => {
    for (const app of apps.splice(0)) await app.delete();
    await child.stop();
    rmSync(work, { recursive: true, force: true });
  };
  try {
    await child.says(/All emulators ready/, READY_WITHIN_MS);
  } catch (error) {
    await stop();
    throw error;
  }
  const phone = () => {
    const sdk = newApp(auth, `phone-${apps.length}`);
    apps.push(sdk);
    return sdk;
  };
  return {
    host: `127.0.0.1:${auth}`,
    signUp: (email, displayName) => phone().signUp(email, displayName),
    signInAnonymously: () => phone().signInAnonymously(),
    stop,
  };
}

/** The part of the SDK that is used here. */
interface Sdk {
  initializeApp(options: object, name: string): object;
  deleteApp(app: object): Promise<void>;
  getAuth(app: object): object;
  connectAuthEmulator(auth: object, url: string, options: object): void;
  createUserWithEmailAndPassword(auth: object, email: string, password: string): Credential;
  signInAnonymously(auth: object): Credential;
  updateProfile(user: User, profile: object): Promise<void>;
}
type User = { uid: string; getIdToken(isNew?: boolean): Promise<string> };
type Credential = Promise<{ user: User }>;

/** The SDK on a phone of its own. */
function newApp(authPort: number, name: string) {
  const require = createRequire(join(FOLDER, 'package.json'));
  const sdk: Sdk = { ...require('firebase/app'), ...require('firebase/auth') };
  const app = sdk.initializeApp({ apiKey: 'any', projectId: PROJECT_ID }, name);
  const auth = sdk.getAuth(app);
  sdk.connectAuthEmulator(auth, `http://127.0.0.1:${authPort}`, { disableWarnings: true });
  const signedIn = (user: User): SignedIn => ({
    uid: user.uid,
    idToken: (isNew = false) => user.getIdToken(isNew),
  });
  return {
    async signUp(email: string, displayName: string) {
      const { user } = await sdk.createUserWithEmailAndPassword(auth, email, 'a password');
      await sdk.updateProfile(user, { displayName });
      // The name is a claim of the next token.
      await user.getIdToken(true);
      return signedIn(user);
    },
    signInAnonymously: async () => signedIn((await sdk.signInAnonymously(auth)).user),
    delete: () => sdk.deleteApp(app),
  };
}

async function install(): Promise<void> {
  const read = (path: string) => JSON.parse(readFileSync(join(FOLDER, path), 'utf8'));
  const isInstalled = ([name, version]: [string, unknown]) => {
    try {
      return read(`node_modules/${name}/package.json`).version === version;
    } catch {
      return false;
    }
  };
  if (Object.entries(read('package.json').dependencies).every(isInstalled)) return;
  await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: FOLDER });
}
