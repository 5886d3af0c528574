// Addresses as people write them: of LiveKit, of Redis, of emulators, and what to listen on.
import { devNull } from 'node:os';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/settings/config.ts';
import { said, saidOf } from './asked.ts';

describe('LIVEKIT_URL', () => {
  it.each([
    ['https://p.livekit.cloud', /write wss:\/\/ in place of https:\/\/$/],
    ['http://10.0.0.1:7880', /write ws:\/\/ in place of http:\/\/$/],
    ['p.livekit.cloud', /write wss:\/\/ before it$/],
    ['wss:p.livekit.cloud', /^must be a URL that begins with wss:/],
    ['wss:\\\\p.livekit.cloud', /^must be a URL that begins with wss:/],
    ['wss://p.livekit.cloud,', /ends in a comma/],
    ['wss://wss://p.livekit.cloud', /^must begin with wss:\/\/ once$/],
    ['wss://p.livekit.cloud/rtc', /^must end before \/rtc/],
    ['wss://p.livekit.cloud/?access_token=x', /^must hold no \? or #/],
    [
      'https://cloud.livekit.io/projects/p_1/settings',
      /in place of https|not that of the dashboard/,
    ],
    ['wss://your-project.livekit.cloud', /^must name your own host/],
    ['wss://<your-project>.livekit.cloud', /^must be filled in/],
    [`wss://\${LIVEKIT_HOST}`, /^must be filled in/],
    ['%{wsURL}%', /reference that nobody has filled in/],
    ['wss://p.livekit.cloud # mine', /has a comment behind it/],
  ])('is not %s', (value, fault) => {
    expect(saidOf('LIVEKIT_URL', value).faults).toEqual([expect.stringMatching(fault)]);
  });

  it('in production is a warning where no client gets there by it', () => {
    const warningsOf = (url: string) => said({ NODE_ENV: 'production', LIVEKIT_URL: url }).warnings;
    expect(warningsOf('wss://localhost:7880')).toEqual([
      expect.stringMatching(/clients can't reach/),
    ]);
    expect(warningsOf('wss://livekit.example.com')).toEqual([expect.stringMatching(/RFC 2606/)]);
    expect(warningsOf('wss://p.livekit.cloud')).toEqual([]);
  });
});

describe('REDIS_URL', () => {
  it.each([
    ['redis://:50%off@h:6379', /written as %25/],
    ['redis://:a#b@h:6379', /written as %25/],
    ['redis://:a/b@h:6379', /written as %25/],
    ['redis://', /must name a host/],
    ['redis:///0', /must name a host/],
    ['redis://h:6379/name', /must end in the number of a database/],
    ['https://eu1-x.upstash.io', /this one is of an API by HTTP/],
    ['redis-cli -u redis://h:6379', /must be a URL that begins with/],
    ['h:6379', /must be a URL that begins with/],
    [`redis://:\${PASSWORD}@h`, /must be filled in/],
  ])('is not %s', (value, fault) => {
    const { faults } = saidOf('REDIS_URL', value);
    expect(faults).toEqual([expect.stringMatching(fault)]);
    expect(faults.join()).not.toContain('50%off');
  });

  it.each([
    'redis://h',
    'rediss://user:p%25w@h:6380/3',
    'redis://[::1]:6379',
    'redis://h/?family=6',
  ])('may be %s', (value) => {
    expect(saidOf('REDIS_URL', value)).toEqual({ faults: [], warnings: [] });
  });

  it('is a warning with what the client leaves aside', () => {
    expect(saidOf('REDIS_URL', 'rediss://h?ssl_cert_reqs=none').warnings).toEqual([
      expect.stringMatching(/more behind its \? than family/),
    ]);
  });
});

describe('HOST', () => {
  it.each([
    ['http://0.0.0.0', /without http:\/\/$/],
    ['0.0.0.0:3000', /the port belongs into PORT$/],
    ['[::]:3000', /the port belongs into PORT$/],
    ['localhost:3000', /the port belongs into PORT$/],
    ['*', /must be an address/],
    ['a b', /must be an address/],
  ])('is not %s', (value, fault) => {
    expect(said({ HOST: value }).faults).toEqual([expect.stringMatching(fault)]);
  });

  it.each(['::', '0.0.0.0', '127.0.0.1', '::1', 'fe80::1', 'localhost', 'fly-local-6pn'])(
    'may be %s',
    (value) => {
      expect(said({ HOST: value })).toEqual({ faults: [], warnings: [] });
    },
  );

  it('may stand in the brackets of a URL', () => {
    const { host, warnings } = loadConfig(
      { FIREBASE_PROJECT_ID: 'my-project', ROOM_ACCESS: 'calls', HOST: '[::]' },
      devNull,
    );
    expect([host, warnings]).toEqual(['::', [expect.stringMatching(/^HOST stands in brackets/)]]);
  });
});

describe('an emulator’s host', () => {
  it.each(['FIREBASE_AUTH_EMULATOR_HOST', 'FIRESTORE_EMULATOR_HOST'])('%s is host:port', (name) => {
    const of = (value: string) => said({ FIREBASE_PROJECT_ID: 'demo-x', [name]: value }).faults;
    expect(of('http://127.0.0.1:9099')).toEqual([`${name} must be host:port, without http://`]);
    expect(of('127.0.0.1')).toEqual([`${name} must be host:port, like 127.0.0.1:9099`]);
    expect(of('9099')).toEqual([`${name} must be host:port, like 127.0.0.1:9099`]);
    expect([of('firebase:9099'), of('[::1]:9099')]).toEqual([[], []]);
  });
});
