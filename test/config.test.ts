import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkOptions } from '../src/settings/check-options.ts';
import { type Config, ConfigError, loadConfig } from '../src/settings/config.ts';
import { VARIABLES } from '../src/settings/table.ts';

let folder: string;
let secrets: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchboard-config-'));
  secrets = join(folder, 'secrets');
  mkdirSync(secrets);
});
afterEach(() => rmSync(folder, { recursive: true }));

const PROJECT = { FIREBASE_PROJECT_ID: 'my-project' };
const load = (env: Record<string, string>): Config =>
  loadConfig({ ...PROJECT, ...env }, secrets, join(folder, 'no-bios'));

function problems(
  env: Record<string, string>,
  base: Record<string, string> = PROJECT,
): readonly string[] {
  try {
    loadConfig({ ...base, ...env }, secrets, join(folder, 'no-bios'));
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const OPEN = 'ROOM_ACCESS is any: any signed-in user can join any room by name';

describe('the configuration', () => {
  it('needs nothing but the project', () => {
    const { options, settings, warnings, ...server } = load({});
    expect(settings).toEqual(checkOptions({ firebaseProjectId: 'my-project' }));
    expect(server).toEqual({
      host: '::',
      port: 3000,
      logLevel: 'info',
      drainMs: 2000,
      keepAliveMs: 620_000,
      metricsToken: undefined,
      needsFirebase: false,
      projectId: 'my-project',
      serviceAccount: undefined,
    });
    expect(JSON.parse(JSON.stringify(options))).toEqual({
      firebaseProjectId: 'my-project',
      anonymousUsers: 'allow',
      appCheck: 'off',
      appCheckConsume: false,
      checkRevoked: false,
      emailVerified: 'any',
      firestoreMembersField: 'members',
      livekitTokenTtlSeconds: 600,
      roomAccess: 'any',
      ringsPerMinute: 60,
      ringTimeoutSeconds: 45,
      answerGraceSeconds: 10,
      reconnectGraceSeconds: 20,
      aloneTimeoutSeconds: 60,
      maxCallSeconds: 14_400,
      maxParticipants: 32,
      historyDays: 90,
      profileNameField: 'displayName',
      profilePictureField: 'photoURL',
      fcm: false,
      pushPayload: 'full',
      tokenRatePerMinute: 60,
      authFailuresPerMinute: 600,
      trustProxy: 0,
      basePath: '/api/calls',
    });
    expect(warnings).toEqual([OPEN]);
  });

  it('names every fault at once', () => {
    expect(
      problems(
        {
          PORT: 'abc',
          LIVEKIT_TOKEN_TTL_SECONDS: '60',
          CORS_ORIGINS: '*',
          ROOM_ACCESS: 'everyone',
          LIVEKIT_URL: 'https://example.com',
        },
        {},
      ),
    ).toEqual([
      'FIREBASE_PROJECT_ID is required',
      'LIVEKIT_URL must be a URL that begins with wss:// or ws://: write wss:// in place of https://',
      'LIVEKIT_TOKEN_TTL_SECONDS must be a whole number from 61 to 86400',
      'ROOM_ACCESS must be one of any, calls, firestore, http',
      'CORS_ORIGINS must name origins, and not *',
      'PORT must be a whole number from 0 to 65535',
    ]);
  });

  it('names contradictions beside them, and nothing that comes of a value that is wrong itself', () => {
    expect(
      problems({
        PORT: 'abc',
        CHECK_REVOKED: 'on',
        ROOM_ACCESS: 'http',
        ACCESS_URL: 'ftp://a',
        NODE_ENV: 'production',
        FIRESTORE_EMULATOR_HOST: 'x:1',
      }),
    ).toEqual([
      'ACCESS_URL must be a URL that begins with https:// or http://',
      'PORT must be a whole number from 0 to 65535',
      'ACCESS_SECRET is required with ROOM_ACCESS=http',
      expect.stringMatching(
        /^CHECK_REVOKED needs FIREBASE_AUTH_EMULATOR_HOST, or FIREBASE_SERVICE_ACC/,
      ),
      'FIRESTORE_EMULATOR_HOST is for development: not with NODE_ENV=production',
    ]);
    const file = join(folder, 'account.json');
    writeFileSync(file, ACCOUNT);
    const ofNobody = { FIREBASE_PROJECT_ID: '123456789012', GOOGLE_APPLICATION_CREDENTIALS: file };
    expect(problems(ofNobody)).toEqual([expect.stringMatching(/and this is its number$/)]);
  });

  it('says beside what is missing which variable may have been meant', () => {
    for (const [name, meant] of [
      ['FIREBASE_PROJECTID', 'FIREBASE_PROJECT_ID'],
      ['firebase_project_id', 'FIREBASE_PROJECT_ID'],
      ['export FIREBASE_PROJECT_ID', 'FIREBASE_PROJECT_ID'],
      ['\uFEFFFIREBASE_PROJECT_ID', 'FIREBASE_PROJECT_ID'],
      ['NEXT_PUBLIC_FIREBASE_PROJECT_ID', 'FIREBASE_PROJECT_ID'],
      ['VITE_FIREBASE_PROJECT_ID', 'FIREBASE_PROJECT_ID'],
    ] as const) {
      try {
        loadConfig({ [name]: 'my-project' }, secrets);
        expect.unreachable();
      } catch (error) {
        const { problems: faults, message } = error as ConfigError;
        expect(faults).toEqual(['FIREBASE_PROJECT_ID is required']);
        expect(message).toMatch(
          new RegExp(`is no variable of this server: ${meant} was meant\\?$`),
        );
      }
    }
  });

  it.each([
    ['LIVEKIT_KEY', 'LIVEKIT_API_KEY'],
    ['LIVEKIT_SECRET', 'LIVEKIT_API_SECRET'],
    ['LIVEKIT_KEYS', 'LIVEKIT_API_KEY and LIVEKIT_API_SECRET'],
    ['LIVEKIT_WS_URL', 'LIVEKIT_URL'],
    ['NEXT_PUBLIC_LIVEKIT_URL', 'LIVEKIT_URL'],
    ['CORS_ORIGIN', 'CORS_ORIGINS'],
    ['FIRESTORE_PATH', 'FIRESTORE_ROOM_PATH'],
    ['TRUST_PROXIES', 'TRUST_PROXY'],
    ['RATE_LIMIT', 'TOKEN_RATE_PER_MINUTE'],
    ['FIREBASE_AUTH_EMULATOR_URL', 'FIREBASE_AUTH_EMULATOR_HOST'],
  ])('knows what others call %s, and is silent where its own is set too', (name, meant) => {
    const hint = `${name} is no variable of this server: ${meant} was meant?`;
    expect(load({ [name]: 'x' }).warnings).toContain(hint);
    const own: Record<string, string> = {
      LIVEKIT_API_KEY: 'k',
      LIVEKIT_API_SECRET: 's',
      LIVEKIT_URL: 'wss://l',
      CORS_ORIGINS: 'https://a.example',
      FIRESTORE_ROOM_PATH: 'chats/{roomName}',
      TRUST_PROXY: '1',
      TOKEN_RATE_PER_MINUTE: '60',
      FIREBASE_AUTH_EMULATOR_HOST: 'h:1',
      FIREBASE_PROJECT_ID: 'demo-x',
    };
    expect(load({ ...own, [name]: 'x' }).warnings).not.toContain(hint);
  });

  it.each([
    ['PORT', '65536'],
    ['PORT', '3000.5'],
    ['PORT', '0x10'],
    ['PORT', '-1'],
    ['DRAIN_SECONDS', '9'],
    ['LOG_LEVEL', 'chatty'],
    ['TOKEN_RATE_PER_MINUTE', '0'],
    ['AUTH_FAILURES_PER_MINUTE', '1000001'],
    ['FIREBASE_KEYS_URL', 'http://keys.example.com/'],
    ['FIREBASE_KEYS_URL', 'http://127.evil.example/'],
    ['FIREBASE_KEYS_URL', 'https://user:pw@keys.example.com/'],
    ['CORS_ORIGINS', 'https://a.example/path'],
    ['CORS_ORIGINS', 'a.example'],
    ['TRUST_PROXY', '33'],
    ['TRUST_PROXY', '10.0.0.0/33'],
    ['TRUST_PROXY', 'true'],
    ['LIVEKIT_URL', 'wss://user:pw@example.com'],
    ['APP_CHECK', 'on'],
    ['FIREBASE_TENANT_IDS', ','],
    ['CHECK_REVOKED', 'maybe'],
    ['REDIS_URL', 'localhost:6379'],
    ['FIREBASE_SERVICE_ACCOUNT', 'not base64 of JSON'],
    ['FIRESTORE_ROOM_PATH', 'chats'],
    ['ACCESS_URL', 'ftp://a.example'],
    ['ACCESS_SECRET', 'whsec_short'],
  ])('refuses %s=%s and says so by name', (name, value) => {
    const found = problems({ [name]: value });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(new RegExp(`^${name} must `));
  });

  it.each([
    ['1', 1],
    ['10.0.0.0/8, ::1', ['10.0.0.0/8', '::1']],
  ])('reads TRUST_PROXY=%s', (text, value) => {
    expect(load({ TRUST_PROXY: text }).options.trustProxy).toEqual(value);
  });

  it('reads lists and loopback key addresses', () => {
    const { options } = load({
      CORS_ORIGINS: 'https://a.example, http://localhost:5173',
      FIREBASE_KEYS_URL: 'http://127.0.0.1:9/keys',
    });
    expect(options.corsOrigins).toEqual(['https://a.example', 'http://localhost:5173']);
    expect(options.firebaseKeysUrl).toBe('http://127.0.0.1:9/keys');
  });

  it('trims values, and takes an empty one as unset', () => {
    const { options, port } = load({
      LIVEKIT_API_KEY: ' key\n',
      LIVEKIT_API_SECRET: ' ',
      PORT: '',
    });
    expect(options.livekitApiKey).toBe('key');
    expect(options.livekitApiSecret).toBeUndefined();
    expect(port).toBe(3000);
  });

  it('warns of names that are nearly right', () => {
    expect(
      load({ ROOM_ACCES: 'calls', LIVEKTI_URL: 'wss://l', PORTS: '1', FIREBASE_CONFIG: '{}' })
        .warnings,
    ).toEqual([
      'ROOM_ACCES is no variable of this server: ROOM_ACCESS was meant?',
      'LIVEKTI_URL is no variable of this server: LIVEKIT_URL was meant?',
      OPEN,
    ]);
  });

  it('takes a slip that leaves a door open for a fault in production', () => {
    const slip = 'ROOM_ACESS is no variable of this server: ROOM_ACCESS was meant?';
    const production = { NODE_ENV: 'production' };
    expect(load({ ROOM_ACESS: 'firestore' }).warnings).toContain(slip);
    expect(problems({ ...production, ROOM_ACESS: 'firestore' })).toEqual([slip]);
    expect(problems({ ...production, RING_ACCES: 'context' })).toHaveLength(1);
    expect(problems({ ...production, ROOM_ACESS: 'calls', ROOM_ACCESS: 'calls' })).toEqual([]);
    expect(problems({ ...production, LIVEKTI_URL: 'wss://l' })).toEqual([]);
  });

  it('warns in production of what is open', () => {
    const env = { NODE_ENV: 'production', LIVEKIT_URL: 'ws://livekit.internal' };
    expect(load(env).warnings).toEqual([
      'LIVEKIT_URL is ws://, not encrypted: use wss:// in production',
      OPEN,
    ]);
    expect(load({ ...env, LIVEKIT_URL: 'wss://l', ROOM_ACCESS: 'calls' }).warnings).toEqual([]);
    expect(load({ ...env, LIVEKIT_URL: 'wss://l', ROOM_ACCESS: 'any' }).warnings).toEqual([OPEN]);
    expect(load({ ROOM_ACCESS: 'any' }).warnings).toEqual([]);
  });
});

const ACCOUNT = JSON.stringify({
  project_id: 'my-project',
  client_email: 'me@my-project.iam.gserviceaccount.com',
  private_key: '-----BEGIN PRIVATE KEY-----hidden',
});

describe('settings that contradict each other', () => {
  const NEEDED = /^FIREBASE_SERVICE_ACCOUNT \(or GOOGLE_APPLICATION_CREDENTIALS\) is needed/;

  it.each([
    [{ CHECK_REVOKED: 'on' }, NEEDED],
    [{ ROOM_ACCESS: 'firestore', FIRESTORE_ROOM_PATH: 'chats/{roomName}' }, NEEDED],
    [{ APP_CHECK: 'enforce', APP_CHECK_CONSUME: 'on' }, NEEDED],
    [
      { APP_CHECK_CONSUME: 'on', FIREBASE_SERVICE_ACCOUNT: ACCOUNT },
      /^APP_CHECK_CONSUME needs APP_CHECK/,
    ],
    [
      { ROOM_ACCESS: 'firestore', FIREBASE_SERVICE_ACCOUNT: ACCOUNT },
      /^FIRESTORE_ROOM_PATH is required with ROOM_ACCESS=firestore/,
    ],
    [
      { ROOM_ACCESS: 'http', ACCESS_SECRET: Buffer.alloc(32, 1).toString('base64') },
      /^ACCESS_URL is required with ROOM_ACCESS=http/,
    ],
    [{ ROOM_ACCESS: 'http', ACCESS_URL: 'https://a.example' }, /^ACCESS_SECRET is required/],
    [{ FIREBASE_AUTH_EMULATOR_HOST: '127.0.0.1:9099' }, /begins with demo-$/],
    [
      { FIREBASE_AUTH_EMULATOR_HOST: 'x:1', FIREBASE_PROJECT_ID: 'demo-x', NODE_ENV: 'production' },
      /^FIREBASE_AUTH_EMULATOR_HOST lets anybody in/,
    ],
    [{ FIRESTORE_EMULATOR_HOST: 'x:1', NODE_ENV: 'production' }, /^FIRESTORE_EMULATOR_HOST is for/],
    [
      { FIREBASE_SERVICE_ACCOUNT: ACCOUNT, FIREBASE_PROJECT_ID: 'another-project' },
      /^FIREBASE_SERVICE_ACCOUNT is of another project/,
    ],
  ])('are a fault that says what to do: %j', (env, sentence) => {
    const found = problems(env as Record<string, string>);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(sentence);
  });

  it('are two service accounts, or the file of another project', () => {
    const file = join(folder, 'account.json');
    writeFileSync(file, ACCOUNT);
    const named = { GOOGLE_APPLICATION_CREDENTIALS: file };
    expect(problems({ ...named, FIREBASE_SERVICE_ACCOUNT: ACCOUNT })[0]).toMatch(/keep one$/);
    expect(problems({ ...named, FIREBASE_PROJECT_ID: 'another-project' })).toEqual([
      'GOOGLE_APPLICATION_CREDENTIALS is of another project than FIREBASE_PROJECT_ID',
    ]);
    expect(problems({ ...named, CHECK_REVOKED: 'on' })).toEqual([]);
    const missing = problems({ GOOGLE_APPLICATION_CREDENTIALS: join(folder, 'none.json') });
    expect(missing[0]).toMatch(
      /^GOOGLE_APPLICATION_CREDENTIALS names .* cannot be read \(ENOENT\)$/,
    );
  });

  it('are none where all that is needed is there', () => {
    const base64 = Buffer.from(ACCOUNT).toString('base64');
    const env = { CHECK_REVOKED: 'on', FIREBASE_SERVICE_ACCOUNT: base64 };
    const { options, serviceAccount, needsFirebase } = load(env);
    expect([options.checkRevoked, serviceAccount?.project_id, needsFirebase]).toEqual([
      true,
      'my-project',
      true,
    ]);
  });
});

describe('a secret', () => {
  it('comes from its variable, from a named file or from the secrets directory', () => {
    const file = join(folder, 'secret.txt');
    writeFileSync(file, 'from-named-file\n');
    writeFileSync(join(secrets, 'METRICS_TOKEN'), 'from-directory\n');
    const { options, metricsToken } = load({
      LIVEKIT_API_KEY: 'from-variable',
      LIVEKIT_API_SECRET_FILE: file,
    });
    expect([options.livekitApiKey, options.livekitApiSecret, metricsToken]).toEqual([
      'from-variable',
      'from-named-file',
      'from-directory',
    ]);
  });

  it('given in two forms is a fault that tells no value', () => {
    writeFileSync(join(secrets, 'LIVEKIT_API_SECRET'), 'hidden-one');
    const [problem, ...more] = problems({ LIVEKIT_API_SECRET: 'hidden-two' });
    expect(more).toEqual([]);
    expect(problem).toMatch(/^LIVEKIT_API_SECRET is given twice/);
    expect(problem).not.toMatch(/hidden/);
  });

  it('from a file that is missing or empty is a fault', () => {
    writeFileSync(join(folder, 'empty'), ' \n');
    const missing = problems({ LIVEKIT_API_KEY_FILE: join(folder, 'nothing') });
    const empty = problems({ LIVEKIT_API_KEY_FILE: join(folder, 'empty') });
    expect(missing[0]).toMatch(/^LIVEKIT_API_KEY .* cannot be read \(ENOENT\)/);
    expect(empty[0]).toMatch(/^LIVEKIT_API_KEY .* is empty/);
  });

  it('is the only kind of variable that files can give', () => {
    writeFileSync(join(secrets, 'PORT'), '1234');
    expect(load({}).port).toBe(3000);
    const named = VARIABLES.filter(({ secret }) => secret);
    expect(named.map(({ variable }) => variable)).toEqual([
      'FIREBASE_SERVICE_ACCOUNT',
      'LIVEKIT_API_KEY',
      'LIVEKIT_API_SECRET',
      'LIVEKIT_PREVIOUS_API_KEY',
      'LIVEKIT_PREVIOUS_API_SECRET',
      'ACCESS_SECRET',
      'DATABASE_URL',
      'APNS_KEY',
      'WEBHOOK_SECRET',
      'REDIS_URL',
      'METRICS_TOKEN',
    ]);
  });
});
