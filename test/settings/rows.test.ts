// What is promised of every row, whichever room it is in.
import { readFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkOptions } from '../../src/settings/check-options.ts';
import { loadConfig } from '../../src/settings/config.ts';
import { defaultOf, isOption, isVariable } from '../../src/settings/setting.ts';
import { ROWS, VARIABLES } from '../../src/settings/table.ts';

const rows = [...ROWS];
const settingsOf = (env: Record<string, string>) =>
  loadConfig({ FIREBASE_PROJECT_ID: 'demo-p', ...env }, devNull).settings;

describe.each(rows)('%s', (name, row) => {
  it('has a meaning, without a full stop', () => {
    expect(row.meaning).toMatch(/^\S.{8,}[^.\s]$/);
  });

  it('is told apart by its name', () => {
    if (!isVariable(row) || !isOption(row)) return;
    const camelCase = row.variable
      .toLowerCase()
      .replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());
    // Not only its address: a host may give its own pool.
    expect(name).toBe(camelCase === 'databaseUrl' ? 'database' : camelCase);
  });

  it('has a default that it would take itself', () => {
    if (row.default === undefined) return;
    const value = defaultOf(row);
    expect(value).toBeDefined();
    if (isOption(row)) expect(row.kind.take(value)).toEqual(value);
  });
});

/** What somebody may write: right for some rows and wrong for the others. */
const TEXTS = [
  ...['p', '-1', '0', '1', '32', '33', '60', '61', '601', '86401', '1000000', '1000001', '3.5'],
  ...['on', 'off', 'allow', 'deny', 'any', 'required', 'monitor', 'enforce', 'calls', 'http'],
  ...['https://a.example', 'http://a.example', 'http://127.0.0.1:9/keys', 'https://u:p@a.example'],
  ...['wss://a.example', 'redis://a.example', 'a, b', '*', '10.0.0.0/8, ::1', '10.0.0.0/33'],
  ...['chats/{roomName}', 'chats', 'access.members', 'a..b', 'whsec_short'],
  `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
];

/** The same as a host would write it. */
function asOption(text: string, type: string): unknown {
  const items = () => text.split(',').map((item) => item.trim());
  switch (type) {
    case 'number':
      return Number(text);
    case 'boolean':
      return { on: true, off: false, 1: true, 0: false }[text] ?? text;
    case 'string[]':
      return items();
    case 'number | string[]':
      return /^\d+$/.test(text) ? Number(text) : items();
    default:
      return text;
  }
}

interface Outcome {
  readonly value?: unknown;
  readonly fault?: string;
}

const outcome = (act: () => unknown): Outcome => {
  try {
    return { value: act() };
  } catch (error) {
    return { fault: (error as Error).message };
  }
};

describe('an option and its variable', () => {
  it.each(rows)('mean the same, or are wrong in the same words: %s', (_name, row) => {
    if (!isVariable(row) || !isOption(row)) return;
    const { kind } = row;
    // true and on are written differently, and so is what is said of them.
    const wordOf = ({ fault, ...good }: Outcome) =>
      fault !== undefined && kind.type === 'boolean' ? 'wrong' : { fault, ...good };
    for (const text of TEXTS) {
      const taken = outcome(() => kind.take(asOption(text, kind.type)));
      expect([text, wordOf(taken)]).toEqual([text, wordOf(outcome(() => kind.read(text)))]);
    }
  });
});

describe('the defaults', () => {
  const text = readFileSync(join(import.meta.dirname, '..', '..', '.env.example'), 'utf8');
  const written = Object.fromEntries(
    [...text.matchAll(/^# ([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  );

  it('of .env.example are those of the table', () => {
    const known = VARIABLES.filter((row) => row.default !== undefined);
    expect(written).toEqual(Object.fromEntries(known.map((row) => [row.variable, row.default])));
  });

  it('are the same whether they are written down, left out or not known to a host', () => {
    const settings = checkOptions({ firebaseProjectId: 'demo-p' });
    expect(settingsOf(written)).toEqual(settings);
    expect(settingsOf({})).toEqual(settings);
  });
});

const SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const ACCOUNT = JSON.stringify({ project_id: 'demo-p', client_email: 'e', private_key: 'k' });
/** As far as a look at one goes: what firebase-admin adds is of no account in what comes of it. */
const APP = Object.defineProperty({ options: { projectId: 'demo-p' } }, 'getOrInitService', {
  value: () => undefined,
});

describe('what is set', () => {
  it.each([
    [
      { checkRevoked: true, firebaseApp: APP },
      { CHECK_REVOKED: 'on', FIREBASE_SERVICE_ACCOUNT: ACCOUNT },
    ],
    [
      { appCheck: 'enforce', appCheckConsume: true, appCheckAppIds: ['a'], firebaseApp: APP },
      {
        APP_CHECK: 'enforce',
        APP_CHECK_CONSUME: 'on',
        APP_CHECK_APP_IDS: 'a',
        FIREBASE_SERVICE_ACCOUNT: ACCOUNT,
      },
    ],
    [
      { roomAccess: 'http', accessUrl: 'https://a.example', accessSecret: SECRET },
      { ROOM_ACCESS: 'http', ACCESS_URL: 'https://a.example', ACCESS_SECRET: SECRET },
    ],
    [
      { roomAccess: 'firestore', firestoreRoomPath: 'chats/{roomName}', firebaseApp: APP },
      {
        ROOM_ACCESS: 'firestore',
        FIRESTORE_ROOM_PATH: 'chats/{roomName}',
        FIREBASE_SERVICE_ACCOUNT: ACCOUNT,
      },
    ],
    [
      {
        database: 'sqlite:./calls.db',
        livekitApiKey: 'k',
        livekitApiSecret: 's',
        livekitUrl: 'wss://l',
        ringAccess: 'any',
        maxParticipants: 2,
      },
      {
        DATABASE_URL: 'sqlite:./calls.db',
        LIVEKIT_API_KEY: 'k',
        LIVEKIT_API_SECRET: 's',
        LIVEKIT_URL: 'wss://l',
        RING_ACCESS: 'any',
        MAX_PARTICIPANTS: '2',
      },
    ],
    [
      { livekitApiKey: ' k\n', livekitApiSecret: 's', livekitUrl: 'wss://l' },
      { LIVEKIT_API_KEY: ' k\n', LIVEKIT_API_SECRET: 's', LIVEKIT_URL: 'wss://l' },
    ],
  ] as const)('comes to the same settings: %j', (options, env) => {
    expect(settingsOf(env as Record<string, string>)).toEqual(
      checkOptions({ firebaseProjectId: 'demo-p', ...options }),
    );
  });

  it.each([
    [{ checkRevoked: true }, { CHECK_REVOKED: 'on' }],
    [
      { appCheckConsume: true, firebaseApp: APP },
      { APP_CHECK_CONSUME: 'on', FIREBASE_SERVICE_ACCOUNT: ACCOUNT },
    ],
    [
      { roomAccess: 'http', accessUrl: 'https://a' },
      { ROOM_ACCESS: 'http', ACCESS_URL: 'https://a' },
    ],
    [
      { roomAccess: 'firestore', firebaseApp: APP },
      { ROOM_ACCESS: 'firestore', FIREBASE_SERVICE_ACCOUNT: ACCOUNT },
    ],
    [{ livekitPreviousApiKey: 'k' }, { LIVEKIT_PREVIOUS_API_KEY: 'k' }],
    [
      { database: 'sqlite:a', livekitApiKey: 'k', livekitApiSecret: 's' },
      { DATABASE_URL: 'sqlite:a', LIVEKIT_API_KEY: 'k', LIVEKIT_API_SECRET: 's' },
    ],
    [
      { firebaseProjectId: 'no-demo', firebaseAuthEmulatorHost: 'h:1' },
      { FIREBASE_PROJECT_ID: 'no-demo', FIREBASE_AUTH_EMULATOR_HOST: 'h:1' },
    ],
  ] as const)('contradicts itself in both, once: %j', (options, env) => {
    const asVariables = outcome(() => settingsOf(env as Record<string, string>)).fault;
    const asOptions = outcome(() =>
      checkOptions({ firebaseProjectId: 'demo-p', ...options }),
    ).fault;
    expect(asVariables?.split('\n')).toHaveLength(2);
    expect(asOptions).toMatch(/^createSwitchboard: [^;]+$/);
  });
});

describe('options', () => {
  it('are called as the methods that they are', () => {
    class Host {
      firebaseProjectId = 'demo-p';
      #uid = 'alice';
      userOf() {
        return { uid: this.#uid };
      }
    }
    const { identity } = checkOptions(new Host());
    expect(identity.by === 'host' && identity.userOf(undefined)).toEqual({ uid: 'alice' });
  });

  it.each(['host', 'port', 'metricsToken', 'firebaseServiceAccount'])(
    'are not what only a server of its own has: %s',
    (name) => {
      expect(() => checkOptions({ firebaseProjectId: 'demo-p', [name]: 'x' })).toThrow(
        `${name} is not an option`,
      );
    },
  );
});
