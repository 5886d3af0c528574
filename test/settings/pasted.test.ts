// Values as people paste them. Each is tried as a variable and as an option.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/settings/config.ts';
import { VARIABLES } from '../../src/settings/table.ts';
import { said, saidOf, saidOfOptions } from './asked.ts';

const KEY = 'APIaBcDeFgHjKmN';
const SECRET = 'aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1eF3hJ5lM7oP9r';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pasted-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('what was meant beyond doubt is mended, with a warning:', () => {
  it.each([
    ['quotes', `"${SECRET}"`, /^stands in quotes/],
    ['single quotes', `'${SECRET}'`, /^stands in quotes/],
    ['typographic quotes', `“${SECRET}”`, /^stands in quotes/],
    ['a byte order mark', `\uFEFF${SECRET}`, /invisible character \(U\+FEFF\) at its edge/],
    ['a zero-width space', `${SECRET}\u200B`, /invisible character \(U\+200B\) at its edge/],
    ['a no-break space', `\u00A0${SECRET}`, /invisible character \(U\+00A0\) at its edge/],
    ['a backslash and an n', `${SECRET}\\n`, /^ends in a backslash and an n/],
    ['a line end of Windows, spelt out', `${SECRET}\\r\\n`, /^ends in a backslash and an n/],
    ['quotes around a spelt line end', `"${SECRET}\\n"`, /^stands in quotes/],
  ])('%s', (_, value, warning) => {
    const outcome = saidOf('LIVEKIT_API_SECRET', value);
    expect(outcome.faults).toEqual([]);
    expect(outcome.warnings[0]).toMatch(warning);
    const env = { FIREBASE_PROJECT_ID: 'my-project', LIVEKIT_API_SECRET: value };
    expect(loadConfig(env, folder).options.livekitApiSecret).toBe(SECRET);
  });

  it('blanks and a real line end, without a word', () => {
    expect(saidOf('LIVEKIT_API_SECRET', ` ${SECRET}\r\n`)).toEqual({ faults: [], warnings: [] });
  });

  it('quotes around nothing, which is unset', () => {
    expect(said({ LIVEKIT_API_KEY: '""', CHECK_REVOKED: "''" }).faults).toEqual([]);
    expect(said({ FIREBASE_PROJECT_ID: '""' }).faults).toEqual(['FIREBASE_PROJECT_ID is required']);
  });
});

const REFUSED: readonly (readonly [string, string, RegExp])[] = [
  ['its own name', `LIVEKIT_API_SECRET=${SECRET}`, /begins with the name of a variable/],
  ['export and its name', `export LIVEKIT_API_SECRET=${SECRET}`, /begins with the name/],
  ['a line of YAML', `LIVEKIT_API_SECRET: ${SECRET}`, /begins with the name/],
  ['a comment', `${SECRET} # production`, /has a comment behind it/],
  ['one quote', `"${SECRET}`, /has a quote at its edge/],
  ['a zero-width space inside', `${SECRET}\u200B${SECRET}`, /invisible character \(U\+200B\)/],
  ['a no-break space inside', `${SECRET}\u00A0${SECRET}`, /invisible character \(U\+00A0\)/],
  ['two lines', `${SECRET}\n${SECRET}`, /holds a line break/],
  ['the word undefined', 'undefined', /what programs write where there is no value/],
  ['the word null', 'null', /what programs write where there is no value/],
  ['an object', '[object Object]', /what programs write where there is no value/],
  ['true', 'true', /placeholder/],
  ['a variable of the shell', '$LIVEKIT_SECRET', /reference that nobody has filled in/],
  ['the same in braces', `\${LIVEKIT_SECRET}`, /reference that nobody has filled in/],
  ['GitHub’s', `\${{ secrets.LIVEKIT }}`, /reference that nobody has filled in/],
  ['a template’s', '{{ secret }}', /reference that nobody has filled in/],
  ['that of LiveKit’s documents', '%{apiSecret}%', /reference that nobody has filled in/],
  ['Windows’', '%SECRET%', /reference that nobody has filled in/],
  ['in angle brackets', '<your API secret>', /placeholder/],
  ['your-api-secret', 'your-api-secret', /placeholder/],
  ['your_livekit_api_secret', 'your_livekit_api_secret', /placeholder/],
  ['YOUR_SECRET_HERE', 'YOUR_SECRET_HERE', /placeholder/],
  ['changeme', 'changeme', /placeholder/],
  ['x’s', 'xxxxxxxxxxxxxxxx', /masked copy/],
  ['a masked key', 'APIxxxxxxxxxxxx', /masked copy/],
  ['stars', '********', /masked copy/],
  ['dots', '••••••••', /masked copy/],
  ['a shortened copy', `${SECRET.slice(0, 6)}...${SECRET.slice(-4)}`, /masked copy/],
  ['redacted', '<<REDACTED>>', /placeholder|masked/],
  ['both in one', `${KEY}: ${SECRET}`, /holds key and secret in one/],
  ['both in one, without a blank', `${KEY}:${SECRET}`, /holds key and secret in one/],
  ['a URL', 'wss://p.livekit.cloud', /is a URL: the address belongs into LIVEKIT_URL/],
  ['a token', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl', /is a token/],
  ['no UTF-8', 'a\0b\0c\0', /is no UTF-8/],
  ['a comma behind it', `${SECRET},`, /ends in a comma/],
  ['a semicolon behind it', `${SECRET};`, /ends in a comma or a semicolon/],
  ['colours of a terminal', `\u001b[32m${SECRET}\u001b[0m`, /control character/],
  ['an address of 1Password', 'op://vault/livekit/secret', /the address of a secret in some store/],
  ['one of Google’s', 'projects/p/secrets/s/versions/1', /the address of a secret in some store/],
  [
    'one of Amazon’s',
    'arn:aws:secretsmanager:eu-1:1:secret:x',
    /address of a secret in some store/,
  ],
  [
    'one of Azure’s',
    '@Microsoft.KeyVault(SecretUri=https://v/s)',
    /address of a secret in some store/,
  ],
];

describe('what can mean anything is refused, in words that hold nothing of it:', () => {
  it.each(REFUSED)('%s', (_, value, sentence) => {
    for (const variable of ['LIVEKIT_API_SECRET', 'LIVEKIT_API_KEY']) {
      const { faults } = said({ [variable]: value });
      expect(faults).toEqual([expect.stringMatching(sentence)]);
      expect(faults.join()).not.toContain(SECRET.slice(0, 6));
      expect(faults.join()).toMatch(/^[ -~]*$/);
    }
  });

  it.each(VARIABLES.map(({ variable }) => variable))('%s too', (variable) => {
    for (const value of ['undefined', `\${VALUE}`, `${variable}=x-${SECRET}`, `<${SECRET}>`]) {
      const { faults } = said({ [variable]: value });
      expect([value, faults.length]).toEqual([value, 1]);
      expect(faults.join()).not.toContain(SECRET.slice(0, 6));
    }
  });

  it('a file in UTF-16', () => {
    const file = join(folder, 'utf-16.txt');
    writeFileSync(file, `\uFEFF${SECRET}\r\n`, 'utf16le');
    expect(said({ LIVEKIT_API_SECRET_FILE: file }).faults).toEqual([
      expect.stringMatching(/^LIVEKIT_API_SECRET is no UTF-8/),
    ]);
  });

  it('a secret in place of the name of its file', () => {
    expect(said({ LIVEKIT_API_SECRET_FILE: SECRET }).faults).toEqual([
      'LIVEKIT_API_SECRET is to come from the file that LIVEKIT_API_SECRET_FILE names, which cannot be read (ENOENT)',
    ]);
  });
});

const MAY_BE = [
  [`${SECRET};`, /ends in a comma or a semicolon/],
  [`${SECRET},`, /ends in a comma or a semicolon/],
  [`"${SECRET}`, /one quote|a quote at its edge/],
  [`${SECRET}'`, /a quote at its edge/],
  ['$correcthorse', /a reference that nobody has filled in/],
  [`${SECRET}***`, /a masked copy/],
  [`${SECRET}...x`, /a masked copy/],
  [`${SECRET}xxxxxxxx`, /a masked copy/],
  [`${SECRET}redacted`, /a masked copy/],
  [`${SECRET} #1`, /has a comment behind it/],
] as const;
const FREE_TEXT = ['LIVEKIT_API_KEY', 'LIVEKIT_API_SECRET', 'METRICS_TOKEN'];

describe('a secret that only looks pasted', () => {
  const fileOf = (content: string): string => {
    const file = join(folder, 'secret.txt');
    writeFileSync(file, content);
    return file;
  };
  const read = (value: string) => {
    const env = { FIREBASE_PROJECT_ID: 'my-project', LIVEKIT_API_SECRET_FILE: fileOf(value) };
    return loadConfig(env, folder, join(folder, 'nowhere')).options.livekitApiSecret;
  };

  it.each(MAY_BE)('is a fault as a variable, which names the way round: %s', (value, sentence) => {
    for (const variable of FREE_TEXT) {
      const { faults } = said({ [variable]: value });
      expect(faults).toEqual([expect.stringMatching(sentence)]);
      expect(faults.join()).toMatch(/put it into a file, .* with _FILE behind it$/);
    }
  });

  it.each(MAY_BE)('is a warning as an option: %s', (value, sentence) => {
    const { faults, warnings } = saidOfOptions({ livekitApiSecret: value });
    expect(faults).toEqual([]);
    expect(warnings[0]).toMatch(sentence);
    expect(warnings[0]).toMatch(/^livekitApiSecret .*, unless it really is so$/);
    expect(warnings.join()).not.toContain(value);
  });

  it.each([...MAY_BE.map(([value]) => value), `<${SECRET}>`, `"${SECRET}"`, `${SECRET}\\n`])(
    'is taken from a file as it is, but for blanks around it and a byte order mark: %s',
    (value) => {
      expect(read(`\uFEFF ${value}\r\n`)).toBe(value);
      for (const variable of FREE_TEXT) {
        expect(said({ [`${variable}_FILE`]: fileOf(value) }).faults).toEqual([]);
      }
    },
  );

  it('is taken so from a file in the folder of secrets', () => {
    writeFileSync(join(folder, 'LIVEKIT_API_SECRET'), `${SECRET};\n`);
    const { options } = loadConfig({ FIREBASE_PROJECT_ID: 'my-project' }, folder, folder);
    rmSync(join(folder, 'LIVEKIT_API_SECRET'));
    expect(options.livekitApiSecret).toBe(`${SECRET};`);
  });

  it.each([`${SECRET}\n${SECRET}`, `${SECRET}\0`, `\u001b[32m${SECRET}`])(
    'is a fault in a file too where no secret is so, without a way round: %j',
    (value) => {
      const { faults } = said({ LIVEKIT_API_SECRET_FILE: fileOf(value) });
      expect(faults).toHaveLength(1);
      expect(faults.join()).not.toContain('_FILE behind');
    },
  );

  it.each(['your-api-secret', 'undefined', `\${VAR}`, '%{apiKey}%', '<secret>', '********'])(
    'is a fault as an option where it is a placeholder: %s',
    (value) => {
      expect(saidOfOptions({ livekitApiSecret: value }).faults).toHaveLength(1);
    },
  );
});

describe('a secret in the wrong place', () => {
  it.each(['hunter2hunter2', 'sk_live_4242', 'cafe4242', 'p4ss/w0rd'])(
    'is not quoted, however short: %s',
    (value) => {
      for (const variable of ['TRUST_PROXY', 'CORS_ORIGINS']) {
        expect(said({ [variable]: value }).faults).toEqual([
          expect.stringMatching(/and one of them is none$/),
        ]);
      }
    },
  );

  it.each([
    ['TRUST_PROXY', '10.0.0.0/33'],
    ['TRUST_PROXY', 'fd00::/129'],
    ['CORS_ORIGINS', 'localhost:5173'],
    ['CORS_ORIGINS', 'app.example.com'],
  ])('is not what has the form that was asked for, which is quoted: %s=%s', (variable, value) => {
    expect(said({ [variable]: value }).faults.join()).toContain(`${value} is none`);
  });

  const KINDS = [SECRET, `-----BEGIN PRIVATE KEY-----\n${SECRET}`, `redis://:${SECRET}@h:1`];

  it.each(VARIABLES.map(({ variable }) => variable))('is not told: %s', (variable) => {
    for (const value of KINDS) {
      const { faults, warnings } = said({ [variable]: value });
      expect([...faults, ...warnings].join()).not.toContain(SECRET.slice(0, 6));
    }
  });

  it.each(['corsOrigins', 'trustProxy'])('is not told: %s', (option) => {
    const { faults } = saidOfOptions({ [option]: KINDS });
    expect(faults.join()).toMatch(new RegExp(`^${option} `));
    expect(faults.join()).not.toContain(SECRET.slice(0, 6));
  });
});

describe('LiveKit’s key and secret', () => {
  const keys = (LIVEKIT_API_KEY: string, LIVEKIT_API_SECRET: string) =>
    said({ LIVEKIT_API_KEY, LIVEKIT_API_SECRET });

  it('are in order as LiveKit makes them, and as one’s own server may have them', () => {
    for (const [key, secret] of [
      [KEY, SECRET],
      ['my-key', 'correct-horse-battery-staple-and-more'],
      ['8a1f0c', 'f'.repeat(64)],
      ['devkey', 'secret'],
    ] as const) {
      expect(keys(key, secret)).toEqual({ faults: [], warnings: [] });
    }
  });

  it.each([
    [SECRET, KEY, 'LIVEKIT_API_SECRET holds a key: it and LIVEKIT_API_KEY are swapped?'],
    [KEY, KEY, 'LIVEKIT_API_SECRET is the key once more: put the secret there'],
    [
      KEY,
      'APIzYxWvUtSrQpN',
      'LIVEKIT_API_SECRET is a key too: put the secret of LIVEKIT_API_KEY there',
    ],
  ])('are a fault where they can’t be a pair', (key, secret, fault) => {
    expect(keys(key, secret).faults).toEqual([fault]);
    expect(saidOfOptions({ livekitApiKey: key, livekitApiSecret: secret }).faults).toEqual([
      fault
        .replace('LIVEKIT_API_SECRET', 'livekitApiSecret')
        .replace('LIVEKIT_API_KEY', 'livekitApiKey'),
    ]);
  });

  it.each([
    ['short', 'too-short', /shorter than 32 bytes/],
    ['base64 of it', Buffer.from(SECRET).toString('base64'), /is base64 of what LiveKit hands out/],
    ['with other letters', `${SECRET}ä`, /holds characters outside ASCII/],
    ['with a blank', `${SECRET} ${SECRET}`, /holds a blank/],
  ])('are a warning where the secret is odd: %s', (_, secret, warning) => {
    expect(keys(KEY, secret)).toEqual({ faults: [], warnings: [expect.stringMatching(warning)] });
  });

  it('are a warning in production where everybody knows them', () => {
    const env = { NODE_ENV: 'production', LIVEKIT_API_KEY: 'devkey', LIVEKIT_API_SECRET: 'secret' };
    expect(said(env).warnings).toEqual([expect.stringMatching(/development pair/)]);
  });
});

describe('what other programs write', () => {
  it.each(['on', 'ON', 'true', 'True', '1', 'yes'])('CHECK_REVOKED=%s is on', (value) => {
    expect(said({ CHECK_REVOKED: value }).faults).toEqual([
      expect.stringMatching(/is needed for CHECK_REVOKED/),
    ]);
  });

  it.each(['off', 'OFF', 'false', '0', 'no'])('CHECK_REVOKED=%s is off', (value) => {
    expect(said({ CHECK_REVOKED: value }).faults).toEqual([]);
  });

  it('LOG_LEVEL=INFO and "3000" are what they are', () => {
    expect(said({ LOG_LEVEL: 'INFO', PORT: '"3000"' }).faults).toEqual([]);
  });

  it.each(['production', ' Production', 'PROD'])('NODE_ENV=%s is production', (NODE_ENV) => {
    expect(said({ NODE_ENV, FIRESTORE_EMULATOR_HOST: 'h:1' }).faults).toHaveLength(1);
  });

  it('PORT=tcp://… is Kubernetes’', () => {
    expect(said({ PORT: 'tcp://10.0.0.1:80' }).faults).toEqual([
      expect.stringMatching(/^PORT is the address of a Kubernetes Service .*enableServiceLinks/),
    ]);
  });
});

describe('METRICS_TOKEN', () => {
  it('is what stands behind Bearer', () => {
    expect(said({ METRICS_TOKEN: 'Bearer recognizable' }).faults).toEqual([
      'METRICS_TOKEN must be what stands behind Bearer, and not that word',
    ]);
  });
});

describe('APP_CHECK_APP_IDS', () => {
  it('is a warning with what is no app id', () => {
    const warnings = (APP_CHECK_APP_IDS: string) => said({ APP_CHECK_APP_IDS }).warnings;
    expect(warnings('1:1234567890:web:0a1b2c, 1:1234567890:ios:0a1b2d')).toEqual([]);
    expect(warnings('com.example.app')).toEqual([expect.stringMatching(/that is no app id/)]);
  });
});
