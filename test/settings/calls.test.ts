// The settings of calls: which database, what it takes beside it, and who may ring whom.
import { devNull } from 'node:os';
import type { Pool } from 'pg';
import { describe, expect, it } from 'vitest';
import { checkOptions } from '../../src/settings/check-options.ts';
import { loadConfig } from '../../src/settings/config.ts';
import { said, saidOf, saidOfOptions } from './asked.ts';

const LIVEKIT = {
  LIVEKIT_API_KEY: 'k',
  LIVEKIT_API_SECRET: 'a-secret-of-at-least-32-characters',
  LIVEKIT_URL: 'wss://p.livekit.cloud',
};
const OPTIONS = {
  livekitApiKey: LIVEKIT.LIVEKIT_API_KEY,
  livekitApiSecret: LIVEKIT.LIVEKIT_API_SECRET,
  livekitUrl: LIVEKIT.LIVEKIT_URL,
  fcm: false,
};
/** What rings phones without a stream is for push.test.ts. */
const EMBEDDED = { ...LIVEKIT, DATABASE_URL: 'sqlite:./data/calls.db', FCM: 'off' };
const POOL = { connect: async () => ({}), on: () => {}, off: () => {} };

const callsOf = (env: Record<string, string>) =>
  loadConfig({ FIREBASE_PROJECT_ID: 'demo-p', ...env }, devNull).settings.calls;

describe('DATABASE_URL', () => {
  it.each<[string, object]>([
    ['sqlite:./data/calls.db', { engine: 'sqlite', path: './data/calls.db' }],
    ['sqlite:/var/lib/calls.db', { engine: 'sqlite', path: '/var/lib/calls.db' }],
    ['sqlite::memory:', { engine: 'sqlite', path: ':memory:' }],
    ...[
      'postgres://u:p%23w@db.internal:5432/calls',
      'postgresql://db.internal/calls?sslmode=no-verify',
      'postgres:///calls?host=/var/run/postgresql',
    ].map((source): [string, object] => [source, { engine: 'postgres', source }]),
  ])('may be %s', (address, database) => {
    expect(callsOf({ ...LIVEKIT, DATABASE_URL: address })?.database).toEqual(database);
  });

  it.each(['prefer', 'require', 'verify-ca', 'verify-full'])(
    'asks for a certificate that is good by sslmode=%s, whatever a later pg takes that for',
    (mode) => {
      const address = (sslmode: string) => `postgres://u:p@h/db?a=b&sslmode=${sslmode}&c=d`;
      expect(callsOf({ ...LIVEKIT, DATABASE_URL: address(mode) })?.database).toMatchObject({
        source: address('verify-full'),
      });
    },
  );

  it('leaves sslmode to libpq’s rules where they are asked for', () => {
    const source = 'postgres://u:p@h/db?uselibpqcompat=true&sslmode=require';
    expect(callsOf({ ...LIVEKIT, DATABASE_URL: source })?.database).toMatchObject({ source });
  });

  it('knows whether a file that is made new is worth a warning', () => {
    const env = { ...LIVEKIT, DATABASE_URL: 'sqlite:./data/calls.db', NODE_ENV: 'production' };
    expect(callsOf(env)?.database).toMatchObject({ isProduction: true });
  });

  it.each([
    ['mysql://u:p@h/db', /no other database is spoken to here$/],
    ['mongodb+srv://u:p@h/db', /no other database/],
    ['redis://h:6379', /no other database/],
    ['prisma+postgres://accelerate/?api_key=x', /no other database/],
    ['postgre://u:p@h/db', /^must be a URL that begins with sqlite: or postgres:\/\/$/],
    ['jdbc:postgresql://h/db', /without jdbc: before it$/],
    ['postgresql+asyncpg://u:p@h/db', /without the name of a driver$/],
    ['postgres:u:p@h/db', /with both slashes$/],
    ["psql 'postgresql://u:p@h/db'", /a quote at its edge|without psql/],
    ['psql postgresql://u:p@h/db', /without psql before it$/],
    ['https://db.example.com', /this one is of HTTP$/],
    ['host=h user=u', /no list of settings$/],
    ['postgres://u:p#w@h/db', /written as %25 %23/],
    ['postgres://u:%zz@h/db', /written as %25 %23/],
    ['postgres://u:[YOUR-PASSWORD]@h/db', /^must (?:be filled in|have)/],
    ['postgres://u:<password>@h/db', /^must be filled in/],
    ['postgres://u:p@h', /must end in the name of one database/],
    ['postgres:///db', /must name a host/],
    ['file:./dev.db', /must begin with sqlite: and a path/],
    ['./data/calls.db', /must begin with sqlite: before the path/],
    ['sqlite:', /must name a file behind sqlite:/],
    ['sqlite:./data/', /must name a file behind sqlite:/],
    ['sqlite:///data/calls.db', /without \/\//],
    ['sqlite:memory', /must be sqlite::memory:/],
    ['sqlite::MEMORY:', /must be sqlite::memory:/],
    ['sqlite:calls.db?mode=ro', /without \? and #$/],
    ['sqlite: ./calls.db', /right behind sqlite:/],
    ['sqlite:~/calls.db', /nobody fills in ~ and \$ here/],
    ['sqlite:$HOME/calls.db', /\$/],
    ['postgres://u:p@h:99999/db', /^must be like postgres:\/\/user:password@host:5432\/database/],
    ['postgres://u:p@/db', /^must be like postgres:/],
  ])('is not %s', (address, fault) => {
    const { faults } = saidOf('DATABASE_URL', address);
    expect(faults).toEqual([expect.stringMatching(fault)]);
    expect(faults[0]).not.toContain('u:p');
  });

  it('is a fault without LiveKit, by the names of what is missing', () => {
    expect(said({ DATABASE_URL: 'sqlite::memory:' }).faults).toEqual([
      'LIVEKIT_API_KEY is required with DATABASE_URL',
      'LIVEKIT_API_SECRET is required with DATABASE_URL',
      'LIVEKIT_URL is required with DATABASE_URL, like wss://NAME.livekit.cloud',
    ]);
    const { LIVEKIT_URL: _, ...keys } = LIVEKIT;
    expect(said({ ...keys, DATABASE_URL: 'sqlite::memory:' }).faults).toHaveLength(1);
    expect(saidOfOptions({ database: 'sqlite::memory:' }).faults).toEqual([
      'database needs livekitApiKey',
      'database needs livekitApiSecret',
      'database needs livekitUrl',
    ]);
  });

  it('may be a pool of the host’s own, and is nothing else', () => {
    const { calls } = checkOptions({
      firebaseProjectId: 'demo-p',
      ...OPTIONS,
      database: POOL as unknown as Pool,
    });
    expect(calls?.database).toEqual({ engine: 'postgres', source: POOL });
    const { on: _, ...half } = POOL;
    const client = { ...POOL, connectionParameters: {} };
    for (const database of [half, client, null, 7, {}]) {
      expect(saidOfOptions({ ...OPTIONS, database }).faults).toHaveLength(1);
    }
  });

  it('is warned of where calls will not last, or others hear of them late', () => {
    const warnings = (address: string) =>
      said({
        ...EMBEDDED,
        NODE_ENV: 'production',
        RING_ACCESS: 'any',
        DATABASE_URL: address,
      }).warnings;
    const open = expect.stringMatching(/^RING_ACCESS is any: any signed-in user can ring any/);
    expect(warnings('sqlite:./calls.db')).toEqual([open]);
    expect(warnings('sqlite::memory:')).toEqual([
      expect.stringMatching(/lost at each restart/),
      open,
    ]);
    for (const address of [
      'postgres://u:p@ep-x-pooler.eu.aws.neon.tech/db',
      'postgres://u:p@aws-0-eu.pooler.supabase.com:6543/db',
    ]) {
      expect(warnings(address)).toEqual([expect.stringMatching(/pooler of connections/), open]);
    }
    expect(warnings('postgres://u:p@h/db?sslmode=disable')).toEqual([
      expect.stringMatching(/not encrypted/),
      open,
    ]);
  });
});

describe('without a database', () => {
  it('there are no calls, whatever else is set', () => {
    expect(callsOf({ ...LIVEKIT, RING_TIMEOUT_SECONDS: '30' })).toBeUndefined();
    expect(said({ RING_ACCESS: 'context' })).toEqual({ faults: [], warnings: [] });
  });
});

describe('a call', () => {
  it('takes as long as is written down', () => {
    expect(callsOf({ ...EMBEDDED, RING_ACCESS: 'any' })).toEqual({
      database: { engine: 'sqlite', path: './data/calls.db' },
      livekit: {
        keys: { apiKey: 'k', apiSecret: LIVEKIT.LIVEKIT_API_SECRET },
        previousKeys: undefined,
        url: LIVEKIT.LIVEKIT_URL,
      },
      ringAccess: { rule: 'any' },
      rules: {
        ringMs: 45_000,
        answerGraceMs: 10_000,
        reconnectGraceMs: 20_000,
        aloneMs: 60_000,
        maxCallMs: 14_400_000,
        maxParticipants: 32,
      },
      ringsPerMinute: 60,
      historyDays: 90,
      push: { payload: 'full' },
      names: {},
      host: {},
    });
  });

  it('whose ring is longer than a token lives is warned of', () => {
    const ring = { RING_ACCESS: 'any', RING_TIMEOUT_SECONDS: '60' };
    expect(said({ ...EMBEDDED, ...ring, LIVEKIT_TOKEN_TTL_SECONDS: '69' }).warnings).toEqual([
      'LIVEKIT_TOKEN_TTL_SECONDS is shorter than a ring: the caller’s token ends before the answer',
    ]);
    expect(said({ ...EMBEDDED, ...ring, LIVEKIT_TOKEN_TTL_SECONDS: '70' }).warnings).toEqual([]);
  });
});

describe('who may ring whom', () => {
  const HTTP = {
    ROOM_ACCESS: 'http',
    ACCESS_URL: 'https://a.example',
    ACCESS_SECRET: `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
  };
  const OPEN = 'RING_ACCESS is any: any signed-in user can ring any other by uid';

  it('is a matter of the context where a rule for rooms is set', () => {
    expect(callsOf({ ...EMBEDDED, ...HTTP })?.ringAccess).toEqual({ rule: 'context' });
    expect(said({ ...EMBEDDED, ...HTTP })).toEqual({ faults: [], warnings: [] });
  });

  it('is everybody’s where none is, with a warning unless that was written down', () => {
    for (const rule of ['any', 'calls']) {
      expect(callsOf({ ...EMBEDDED, ROOM_ACCESS: rule })?.ringAccess).toEqual({ rule: 'any' });
      expect(said({ ...EMBEDDED, ROOM_ACCESS: rule }).warnings).toEqual([OPEN]);
    }
    expect(said({ ...EMBEDDED, RING_ACCESS: 'any' }).warnings).toEqual([]);
    expect(said({ ...EMBEDDED, ...HTTP, RING_ACCESS: 'any' }).warnings).toEqual([]);
    expect(said({ ...EMBEDDED, RING_ACCESS: 'any', NODE_ENV: 'production' }).warnings).toEqual([
      OPEN,
    ]);
  });

  it('cannot be a matter of a context that nobody can be asked about', () => {
    expect(said({ ...EMBEDDED, RING_ACCESS: 'context' }).faults).toEqual([
      'RING_ACCESS=context needs ROOM_ACCESS to be firestore or http',
    ]);
    expect(
      saidOfOptions({ ...OPTIONS, database: 'sqlite:a', ringAccess: 'context' }).faults,
    ).toEqual(["ringAccess: 'context' needs roomAccess: 'firestore' or 'http'"]);
  });

  it('is the host’s to say, in place of both', () => {
    const mayRing = () => true;
    const settings = checkOptions({
      firebaseProjectId: 'demo-p',
      ...OPTIONS,
      database: 'sqlite:a',
      mayRing,
    });
    expect(settings.calls?.ringAccess).toMatchObject({ rule: 'host' });
    expect(saidOfOptions({ ...OPTIONS, database: 'sqlite:a', mayRing }).warnings).toEqual([]);
    expect(
      saidOfOptions({ ...OPTIONS, database: 'sqlite:a', mayRing, ringAccess: 'any' }).faults,
    ).toEqual(['ringAccess and mayRing exclude each other']);
  });

  it('may be asked of authorizeRoom too', () => {
    const { calls } = checkOptions({
      firebaseProjectId: 'demo-p',
      ...OPTIONS,
      database: 'sqlite:a',
      authorizeRoom: () => true,
    });
    expect(calls?.ringAccess).toEqual({ rule: 'context' });
  });
});

describe('the keys before', () => {
  it('are kept as a pair', () => {
    const previous = { LIVEKIT_PREVIOUS_API_KEY: 'old', LIVEKIT_PREVIOUS_API_SECRET: 'older' };
    const { livekit } = loadConfig(
      { FIREBASE_PROJECT_ID: 'demo-p', ...LIVEKIT, ...previous },
      devNull,
    ).settings;
    expect(livekit.previousKeys).toEqual({ apiKey: 'old', apiSecret: 'older' });
    for (const [name, value] of Object.entries(previous)) {
      expect(said({ ...LIVEKIT, [name]: value }).faults).toHaveLength(1);
    }
  });
});
