// Where pushes reach a person: what an app may say of its phone, and whose phone it is.
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SwitchboardError } from '../../src/base/errors.ts';
import type { InstallationId, UserId } from '../../src/base/ids.ts';
import { deviceIn, type VALUES } from '../../src/routes/devices/body.ts';
import { PUT_DEVICE } from '../../src/routes/devices/schemas.ts';
import { CALL_MOUNTS, type CallAnswer, type CallStage, setCallStage } from '../call-stage.ts';
import { HOST_SAYS } from '../mounts.ts';

const FCM = { kind: 'fcm_token', value: 'dGVzdA:APA91b' };
const VOIP = { kind: 'apns_voip', value: 'AB'.repeat(32) };
const ANDROID = { platform: 'android', pushes: [FCM] };
const IPHONE = { platform: 'ios', pushes: [VOIP] };

let stage: CallStage;
const said = ({ status, code }: CallAnswer) => (code === undefined ? [status] : [status, code]);

describe.each(CALL_MOUNTS)('in $name', (mount) => {
  afterEach(() => stage.close());

  it('a phone is registered, rung, and removed', async () => {
    stage = await setCallStage(mount);
    const name = `phone-1:${'x'.repeat(92)}`;
    const put = await stage.as('bob', 'PUT', `/devices/${name}`, { ...ANDROID, locale: 'de_DE' });
    expect([put.status, put.body.device]).toEqual([
      200,
      {
        installationId: name,
        platform: 'android',
        pushes: [{ kind: 'fcm_token', isServed: false }],
      },
    ]);
    expect(put.headers.get('cache-control')).toBe('no-store');
    expect((await stage.place('alice', ['bob'])).call.reach).toBe(1);
    const removed = await stage.as('bob', 'DELETE', `/devices/${name}`);
    expect([removed.status, removed.body]).toEqual([200, {}]);
    expect((await stage.place('alice', ['bob'])).call.reach).toBe(0);
    // As often as the answer gets lost.
    expect(said(await stage.as('bob', 'DELETE', `/devices/${name}`))).toEqual([200]);
  });

  it('a name that is none of an installation is another path', async () => {
    stage = await setCallStage(mount);
    // A Fastify host has a limit of its own for what may be a parameter.
    const long = mount.name.includes('Fastify') ? [] : ['x'.repeat(129)];
    for (const name of ['', 'a%20b', 'a%2Fb', '%C3%A4', ...long]) {
      const { status, code, body } = await stage.as('bob', 'PUT', `/devices/${name}`, ANDROID);
      expect([name, status, code ?? body.text]).toEqual([
        ...[name, 404, mount.hasHost ? HOST_SAYS : 'not_found'],
      ]);
    }
    const wrong = await stage.as('bob', 'GET', '/devices/phone-1');
    expect([...said(wrong), wrong.headers.get('allow')]).toEqual([
      ...[405, 'method_not_allowed', 'PUT, DELETE'],
    ]);
  });
});

describe('a device', () => {
  beforeEach(async () => {
    stage = await setCallStage();
  });
  afterEach(() => stage.close());

  it('has a name of letters, digits and marks, which may come in escapes', async () => {
    for (const name of ['a', 'x'.repeat(128), 'A_b.c:d~e-1', 'A%5fb%2Ec%3Ad%7Ee%2D1']) {
      const { status, body } = await stage.as('bob', 'PUT', `/devices/${name}`, ANDROID);
      expect([status, body.device]).toMatchObject([
        200,
        { installationId: decodeURIComponent(name) },
      ]);
    }
    // One value, one phone.
    expect((await stage.place('alice', ['bob'])).call.reach).toBe(1);
  });

  it('of an iPhone has two values, in small letters', async () => {
    const small = VOIP.value.toLowerCase();
    for (const value of [VOIP.value, small]) {
      const pushes = [
        { kind: 'apns_voip', value, sandbox: true },
        { kind: 'apns', value: 'cd'.repeat(32), sandbox: null },
      ];
      const put = await stage.as('bob', 'PUT', '/devices/iphone', { platform: 'ios', pushes });
      expect(put.status).toBe(200);
    }
    expect((await stage.place('alice', ['bob'])).call.reach).toBe(1);
  });

  it('is removed by nobody else, who learns nothing of it', async () => {
    await stage.register('bob', 'bob-phone');
    const removed = await stage.as('mallory', 'DELETE', '/devices/bob-phone');
    const nothing = await stage.as('mallory', 'DELETE', '/devices/no-phone');
    expect([removed.status, removed.body]).toEqual([nothing.status, nothing.body]);
    expect((await stage.place('alice', ['bob'])).call.reach).toBe(1);
    // The same name is another phone of somebody else.
    await stage.register('carol', 'bob-phone', 'a-value-of-her-own');
    expect((await stage.place('alice', ['bob', 'carol'])).call.reach).toBe(2);
  });

  it('goes with whoever signed in last', async () => {
    await stage.register('bob', 'shared', 'one-value');
    await stage.register('carol', 'shared', 'one-value');
    expect((await stage.place('alice', ['bob'])).call.reach).toBe(0);
    expect((await stage.place('alice', ['carol'])).call.reach).toBe(1);
  });

  it('is a way to a person, and so is an open feed; who has a phone is not told to look at it', async () => {
    const reach = async () => (await stage.place('alice', ['bob'])).call.reach;
    await stage.as('bob', 'GET', '/events');
    expect(await reach()).toBe(1);
    stage.clock.advance(90_000);
    expect(await reach()).toBe(0);
    await stage.register('bob', 'bob-phone');
    expect(await reach()).toBe(1);
    await stage.as('bob', 'GET', '/events');
    expect(await reach()).toBe(1);
  });

  it('is not needed where a stream is open, however long', async () => {
    const reading = new AbortController();
    const token = stage.idToken({ sub: 'bob', exp: Math.floor(stage.clock.now() / 1000) + 3_600 });
    const headers = { accept: 'text/event-stream', authorization: `Bearer ${token}` };
    await fetch(`${stage.baseUrl}/events`, { headers, signal: reading.signal });
    const reach = async () => {
      const { call } = await stage.place('alice', ['bob']);
      await stage.as('alice', 'POST', `/${call.id}/leave`);
      return call.reach;
    };
    expect(await reach()).toBe(1);
    for (let minute = 0; minute < 3; minute += 1) stage.clock.advance(60_000);
    expect(await reach()).toBe(1);
    reading.abort();
    await expect.poll(() => stage.switchboard.metrics()).toMatch(/^switchboard_feeds_open 0$/m);
    stage.clock.advance(90_000);
    expect(await reach()).toBe(0);
  });
});

const read = (body: unknown) => deviceIn(body, 'bob' as UserId, 'phone' as InstallationId);
const refusalOf = (body: unknown): string => {
  try {
    read(body);
  } catch (error) {
    if (error instanceof SwitchboardError && error.code === 'request_invalid') return error.message;
    throw error;
  }
  return 'nothing';
};

describe('what is said of a device', () => {
  it.each<[unknown, RegExp]>([
    [[], /JSON object/],
    [{ pushes: [FCM] }, /^platform is required: android or ios or web/],
    [{ ...ANDROID, platform: 'Android' }, /^platform must be one of/],
    [{ platform: 'web' }, /^pushes must be a list of 1 to 5/],
    [{ ...ANDROID, pushes: [] }, /^pushes must be a list of 1 to 5/],
    [{ ...ANDROID, pushes: [FCM, FCM] }, /each kind at most once/],
    [{ ...ANDROID, pushes: ['token'] }, /^pushes must hold objects/],
    [{ ...ANDROID, pushes: [{ value: 'x' }] }, /^kind is required: fcm_token, fid/],
    [{ ...ANDROID, pushes: [{ ...FCM, kind: 'fcm' }] }, /^kind must be one of/],
    [{ ...ANDROID, pushes: [{ kind: 'fid' }] }, /^value of the kind fid must be the 22 characters/],
    [{ ...ANDROID, pushes: [VOIP] }, /^kind apns_voip is for the platform ios alone/],
    [{ ...ANDROID, pushes: [{ ...FCM, sandbox: true }] }, /^sandbox is for the kinds apns/],
    [{ ...IPHONE, pushes: [{ ...VOIP, sandbox: 'yes' }] }, /^sandbox must be true or false/],
    [{ ...ANDROID, locale: `German${'-x'.repeat(20)}` }, /^locale must be a language tag/],
    [{ ...ANDROID, locale: 'en_US.UTF-8' }, /^locale must be a language tag/],
  ])('%j is refused', (body, sentence) => {
    expect(refusalOf(body)).toMatch(sentence);
  });

  it('never comes back in a sentence', () => {
    const value = 'a secret value';
    expect(refusalOf({ ...ANDROID, pushes: [{ ...FCM, value }] })).not.toContain(value);
  });

  it.each<[keyof typeof VALUES, readonly string[], readonly string[]]>([
    ['fcm_token', ['x', '~'.repeat(4096)], ['', 'a b', 'ä', 'a\n', 'x'.repeat(4097)]],
    ['fid', ['cAzu2Q_-0123456789abcd'], ['', 'c'.repeat(21), 'bAzu2Q_-0123456789abcd']],
    [
      'apns',
      ['0f'.repeat(32), 'Ab'.repeat(100)],
      ['0f'.repeat(31), '0'.repeat(65), 'xy'.repeat(32)],
    ],
    ['apns_voip', ['0f'.repeat(32)], ['<0f0f>', 'ab'.repeat(101)]],
    ['host', ['x', 'ü '.repeat(512)], ['', 'a\0', '\ud800', 'x'.repeat(1025)]],
  ])('a value of %s has its form', (kind, good, bad) => {
    for (const value of good)
      expect(read({ platform: 'ios', pushes: [{ kind, value }] })).toBeTruthy();
    for (const value of bad) {
      expect(refusalOf({ platform: 'ios', pushes: [{ kind, value }] })).toContain(kind);
    }
  });

  it('is kept as it is meant', () => {
    expect(read({ ...IPHONE, locale: 'pt_BR', other: 1 })).toEqual({
      uid: 'bob',
      installation: 'phone',
      platform: 'ios',
      targets: [{ kind: 'apns_voip', value: 'ab'.repeat(32) }],
      locale: 'pt-BR',
    });
    const pushes = [{ ...VOIP, sandbox: true }];
    expect(read({ platform: 'ios', pushes, locale: null }).targets).toEqual([
      { kind: 'apns_voip', value: 'ab'.repeat(32), isSandbox: true },
    ]);
  });

  it('what the schema refuses, the reader refuses', () => {
    const fits = new Ajv({ allowUnionTypes: true }).compile(PUT_DEVICE);
    const some = fc.constantFrom<unknown>(
      null,
      true,
      0,
      '',
      'ios',
      'web',
      'fid',
      'x',
      {},
      [],
      'de',
    );
    const push = fc.dictionary(fc.constantFrom('kind', 'value', 'sandbox'), some);
    const value = fc.oneof(some, fc.array(fc.oneof(push, fc.constant(FCM)), { maxLength: 7 }));
    const names = fc.constantFrom('platform', 'pushes', 'locale');
    fc.assert(
      fc.property(fc.dictionary(names, value), (body) => {
        if (!fits(body)) expect(() => read(body)).toThrow(SwitchboardError);
      }),
    );
  });
});
