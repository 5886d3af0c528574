// Who reaches development mode: pages on other ports, phones, emulators, and who never does.
import { request } from 'node:http';
import type { NetworkInterfaceInfo } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevelopment, type Development } from '../../src/dev/dev.ts';
import { reachOf } from '../../src/dev/reach.ts';
import { GOOD_BODY } from '../stage.ts';

/** Stands for an address of the network; it is loopback's, as Linux and Windows have all of 127/8. */
const ADDRESS = '127.0.0.2';
const NAME = 'my-laptop.local';
const hasAddress = process.platform !== 'darwin';

let development: Development;
let url: string;
beforeAll(async () => {
  const env = {
    PORT: '0',
    LIVEKIT_SERVER: 'off',
    DATABASE_URL: 'sqlite::memory:',
    DEV_HOSTS: `${NAME}, other.example`,
    ...(hasAddress && { HOST: ADDRESS }),
  };
  development = createDevelopment(env, () => {});
  url = await development.start();
});
afterAll(() => development.stop());

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** With headers of one's own, which fetch does not allow. */
function ask({ method = 'GET', path = '/dev/id-token/alice', host, headers, body }: Asked) {
  const { port } = new URL(url);
  type Answer = { status: number | undefined; allowed: string | undefined; body: string };
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const named = host === undefined ? {} : { host: `${host}:${port}` };
  const sent = request(
    `${url}${path}`,
    { method, headers: { ...named, ...headers } },
    (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => {
        const allowed = response.headers['access-control-allow-origin'];
        resolve({ status: response.statusCode, allowed, body: text });
      });
    },
  );
  sent.on('error', reject).end(body);
  return promise;
}

describe('a page', () => {
  const own = [
    ['localhost', 'http://localhost:53817'],
    ['localhost', 'http://127.0.0.1:8080'],
    ['localhost', 'http://[::1]:8080'],
    ['localhost', 'https://localhost'],
    ['127.0.0.1', 'http://localhost:53817'],
    ['10.0.2.2', 'http://localhost'],
    ['10.0.2.2', 'http://10.0.2.2:8080'],
    ['192.168.1.20', 'capacitor://localhost'],
    ['192.168.1.20', 'http://192.168.1.20:53817'],
    [NAME, `http://${NAME}:53817`],
    ['localhost', 'https://other.example'],
  ] as const;
  it.each(own)('that asks %s may be at %s', async (host, origin) => {
    expect(await ask({ host, headers: { origin } })).toMatchObject({
      status: 200,
      allowed: origin,
    });
  });

  const foreign = [
    ['localhost', 'https://evil.example'],
    ['localhost', 'http://10.0.2.2:8080'],
    ['localhost', 'http://192.168.1.20:53817'],
    ['192.168.1.20', 'http://192.168.1.21'],
    ['localhost', 'http://localhost.evil.example'],
    ['localhost', 'http://127.0.0.1.nip.io'],
    ['localhost', 'http://127.evil.example'],
    ['localhost', `http://${NAME}.evil.example`],
    ['localhost', 'chrome-extension://localhost'],
    ['localhost', 'file://localhost'],
    ['localhost', 'null'],
    ['localhost', 'http://evil.example#@localhost'],
  ] as const;
  it.each(foreign)('that asks %s may not be at %s', async (host, origin) => {
    expect(await ask({ host, headers: { origin } })).toMatchObject({ allowed: undefined });
    const preflight = { origin, 'access-control-request-method': 'POST' };
    const path = '/api/calls/livekit-token';
    const answer = await ask({ method: 'OPTIONS', path, host, headers: preflight });
    expect(answer.allowed).toBeUndefined();
    expect(answer.status).not.toBe(204);
  });

  it('whose name was led here is foreign to itself', async () => {
    const host = 'evil.example';
    const answer = await ask({ host, headers: { origin: 'http://evil.example' } });
    expect(answer).toMatchObject({ status: 421, allowed: undefined });
  });

  it('on another port may register its phone, and take it away again', async () => {
    for (const method of ['PUT', 'DELETE']) {
      const { headers } = await fetch(`${url}/api/calls/devices/my-phone`, {
        method: 'OPTIONS',
        headers: {
          origin: 'http://localhost:53817',
          'access-control-request-method': method,
        },
      });
      expect(headers.get('access-control-allow-methods')).toContain(method);
    }
  });

  it('on another port gets a token for its call, preflight and refusals among it', async () => {
    const origin = 'http://localhost:53817';
    const path = '/api/calls/livekit-token';
    const preflight = await ask({
      method: 'OPTIONS',
      path,
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,sentry-trace',
      },
    });
    expect(preflight).toEqual({ status: 204, allowed: origin, body: '' });
    const { body: idToken } = await ask({ headers: { origin } });
    const sent = { method: 'POST', path, body: JSON.stringify(GOOD_BODY) };
    const headers = { origin, 'content-type': 'application/json' };
    const refused = await ask({ ...sent, headers });
    expect(refused).toMatchObject({ status: 401, allowed: origin });
    const authorization = `Bearer ${idToken}`;
    const answered = await ask({ ...sent, headers: { ...headers, authorization } });
    expect(answered).toMatchObject({ status: 200, allowed: origin });
    expect(await ask({ path: '/api/nothing', headers: { origin } })).toMatchObject({
      status: 404,
      allowed: origin,
    });
  });
});

describe('HOST', () => {
  const interfaces = () => {
    const of = (address: string, family: 'IPv4' | 'IPv6', internal = false) =>
      ({ address, family, internal }) as NetworkInterfaceInfo;
    return {
      lo: [of('127.0.0.1', 'IPv4', true), of('::1', 'IPv6', true)],
      en0: [of('fe80::1', 'IPv6'), of('fd00::2', 'IPv6'), of('192.168.1.20', 'IPv4')],
    };
  };
  const reach = (HOST?: string) => reachOf({ HOST }, interfaces);

  it.each([undefined, '', 'localhost', '127.0.0.1'])('%s is this machine alone', (host) => {
    expect(reach(host)).toEqual({
      host: '127.0.0.1',
      name: 'localhost',
      isOpen: false,
      addresses: [],
      hosts: [],
      ignoredHost: undefined,
    });
  });

  it.each([
    ['0.0.0.0', 'localhost', ['192.168.1.20']],
    ['::', 'localhost', ['192.168.1.20', '[fd00::2]']],
    ['[::]', 'localhost', ['192.168.1.20', '[fd00::2]']],
    ['192.168.1.20', '192.168.1.20', ['192.168.1.20']],
    ['fd00::2', '[fd00::2]', ['[fd00::2]']],
  ])('%s is open to the network, and tells where', (host, name, addresses) => {
    expect(reach(host)).toMatchObject({ name, isOpen: true, addresses });
  });

  it.each(['127.0.0.2', '::1'])('%s is loopback still', (host) => {
    expect(reach(host)).toMatchObject({ host, isOpen: false, addresses: [] });
  });

  it('that is a name is not heeded, and told', () => {
    const given = reach('x86_64-conda-linux-gnu');
    expect(given).toMatchObject({ host: '127.0.0.1', isOpen: false });
    expect(given.ignoredHost).toBe('x86_64-conda-linux-gnu');
  });

  it.skipIf(!hasAddress)('is where it listens, and nowhere else', async () => {
    expect(new URL(url).hostname).toBe(ADDRESS);
    const elsewhere = url.replace(ADDRESS, '127.0.0.1');
    await expect(fetch(elsewhere)).rejects.toThrow();
  });
});

it.each(['*', 'http://my-laptop.local', 'my-laptop.local:3000', '.example', 'a b'])(
  'DEV_HOSTS=%s is a fault that says what is wanted',
  (DEV_HOSTS) => {
    expect(() => reachOf({ DEV_HOSTS })).toThrow(
      'DEV_HOSTS must be names of this machine with commas between, like my-laptop.local',
    );
  },
);
