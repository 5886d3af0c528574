// The settings of the host's ears: where events of calls go, and by which secret they are signed.
import { devNull } from 'node:os';
import { describe, expect, it } from 'vitest';
import { checkOptions } from '../../src/settings/check-options.ts';
import { loadConfig } from '../../src/settings/config.ts';
import { said, saidOf, saidOfOptions } from './asked.ts';

const CALLS = {
  LIVEKIT_API_KEY: 'k',
  LIVEKIT_API_SECRET: 'a-secret-of-at-least-32-characters',
  LIVEKIT_URL: 'wss://p.livekit.cloud',
  DATABASE_URL: 'sqlite:./data/calls.db',
  RING_ACCESS: 'any',
  FCM: 'off',
};
const CALL_OPTIONS = {
  livekitApiKey: CALLS.LIVEKIT_API_KEY,
  livekitApiSecret: CALLS.LIVEKIT_API_SECRET,
  livekitUrl: CALLS.LIVEKIT_URL,
  database: CALLS.DATABASE_URL,
  ringAccess: 'any',
  fcm: false,
} as const;
const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
const URLS = 'https://chat.example/calls,https://other.example/calls';

const hostOf = (env: Record<string, string>) =>
  loadConfig({ FIREBASE_PROJECT_ID: 'my-project', ...CALLS, ...env }, devNull).settings.calls?.host;
const hostOfOptions = (options: object) =>
  checkOptions({ firebaseProjectId: 'my-project', ...CALL_OPTIONS, ...options }).calls?.host;
const faultsOf = (env: Record<string, string>) =>
  said({ ...CALLS, WEBHOOK_SECRET: SECRET, ...env }).faults;

it('nobody is told where nothing is set', () => {
  expect(hostOf({})).toEqual({});
});

describe('webhooks', () => {
  it('come to the same from variables and from options', () => {
    const webhooks = { urls: URLS.split(','), secret: SECRET, allowedHosts: [] };
    expect(hostOf({ WEBHOOK_URLS: URLS, WEBHOOK_SECRET: SECRET })).toEqual({ webhooks });
    expect(hostOfOptions({ webhookUrls: URLS.split(','), webhookSecret: SECRET })).toEqual({
      webhooks,
    });
  });

  it('need each other, and calls', () => {
    expect(said({ ...CALLS, WEBHOOK_URLS: URLS }).faults).toEqual([
      'WEBHOOK_SECRET is required with WEBHOOK_URLS',
    ]);
    expect(said({ ...CALLS, WEBHOOK_SECRET: SECRET }).faults).toEqual([
      'WEBHOOK_URLS is required with WEBHOOK_SECRET',
    ]);
    expect(said({ ...CALLS, WEBHOOK_ALLOWED_HOSTS: 'chat.internal' }).faults).toEqual([
      'WEBHOOK_URLS is required with WEBHOOK_ALLOWED_HOSTS',
    ]);
    expect(said({ WEBHOOK_URLS: URLS, WEBHOOK_SECRET: SECRET }).faults).toEqual([
      'DATABASE_URL is required with WEBHOOK_URLS',
    ]);
    expect(
      saidOfOptions({ webhookUrls: ['https://chat.example'], webhookSecret: SECRET }).faults,
    ).toEqual(['webhookUrls needs database']);
  });

  it('are https, or http to hosts that are named', () => {
    const http = 'http://chat.internal:8080/calls';
    expect(faultsOf({ WEBHOOK_URLS: http })).toEqual([
      'WEBHOOK_URLS must be https, or http to hosts that WEBHOOK_ALLOWED_HOSTS names',
    ]);
    expect(faultsOf({ WEBHOOK_URLS: http, WEBHOOK_ALLOWED_HOSTS: 'other.internal' })).toHaveLength(
      1,
    );
    const env = { WEBHOOK_URLS: http, WEBHOOK_SECRET: SECRET };
    expect(hostOf({ ...env, WEBHOOK_ALLOWED_HOSTS: 'Chat.Internal, [::1]' })?.webhooks).toEqual({
      urls: [http],
      secret: SECRET,
      allowedHosts: ['chat.internal', '[::1]'],
    });
  });

  it.each(['127.0.0.1', '[::1]', '10.1.2.3', '169.254.169.254', 'localhost', 'calls.localhost'])(
    'lead to %s only where it is named',
    (host) => {
      const WEBHOOK_URLS = `https://${host}:4001/calls`;
      expect(faultsOf({ WEBHOOK_URLS })).toEqual([
        `WEBHOOK_URLS leads to ${host}, no public address: WEBHOOK_ALLOWED_HOSTS must name it`,
      ]);
      expect(faultsOf({ WEBHOOK_URLS, WEBHOOK_ALLOWED_HOSTS: `chat.internal,${host}` })).toEqual(
        [],
      );
    },
  );

  it.each([
    ['[::1]', ['[::1]']],
    ['[::1], [fd00::2]', ['[::1]', '[fd00::2]']],
  ])('may lead to the hosts of %s', (value, allowedHosts) => {
    const env = { WEBHOOK_URLS: 'http://[::1]:4001/calls', WEBHOOK_SECRET: SECRET };
    expect(hostOf({ ...env, WEBHOOK_ALLOWED_HOSTS: value })?.webhooks).toMatchObject({
      allowedHosts,
    });
  });

  it('are at most five, each once', () => {
    const urls = (count: number) =>
      Array.from({ length: count }, (_, at) => `https://chat.example/${at}`).join(',');
    expect(faultsOf({ WEBHOOK_URLS: urls(5) })).toEqual([]);
    expect(faultsOf({ WEBHOOK_URLS: urls(6) })).toEqual(['WEBHOOK_URLS holds more than 5']);
    expect(faultsOf({ WEBHOOK_URLS: 'https://a.example,https://a.example/' })).toEqual([
      'WEBHOOK_URLS holds one of them twice',
    ]);
  });

  it.each([
    ['WEBHOOK_URLS', 'wss://chat.example', /^must be a URL that begins with https:/],
    ['WEBHOOK_URLS', 'https://u:p@chat.example', /^must hold no user or password$/],
    ['WEBHOOK_SECRET', 'short', /^must be 24 to 64 random bytes in base64/],
    ['WEBHOOK_ALLOWED_HOSTS', 'http://chat.internal', /^must be names of hosts alone/],
    ['WEBHOOK_ALLOWED_HOSTS', 'chat.internal:8080', /^must be names of hosts alone/],
    ['WEBHOOK_ALLOWED_HOSTS', 'chat.internal/x', /^must be names of hosts alone/],
    ['WEBHOOK_ALLOWED_HOSTS', '[chat.internal]', /^must be separated by commas, without brackets$/],
    ['WEBHOOK_ALLOWED_HOSTS', '["::1"]', /^must be separated by commas, without brackets$/],
    ['WEBHOOK_ALLOWED_HOSTS', '10.0.0.0/8', /^must be names of hosts alone/],
  ])('%s is not %s', (variable, value, fault) => {
    expect(saidOf(variable, value).faults).toEqual([expect.stringMatching(fault)]);
  });
});

describe('onCallEvent', () => {
  it('is a function of the host’s, beside webhooks or alone', () => {
    const onCallEvent = () => {};
    expect(typeof hostOfOptions({ onCallEvent })?.onCallEvent).toBe('function');
    expect(saidOfOptions({ ...CALL_OPTIONS, onCallEvent: 'x' }).faults).toEqual([
      'onCallEvent must be a function',
    ]);
  });

  it('is of no account without calls', () => {
    expect(saidOfOptions({ onCallEvent: () => {} })).toEqual({ faults: [], warnings: [] });
  });
});
