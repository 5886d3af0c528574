// Which requests are ours: in a host as it matches its own routes, elsewhere as they are written.
import { createServer, type RequestListener } from 'node:http';
import express from 'express';
import express4 from 'express4';
import { afterEach, describe, expect, it } from 'vitest';
import type { Switchboard } from '../../src/compose/house.ts';
import { compose } from '../../src/switchboard.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createFakeLog } from '../fakes/log.ts';
import { HOST_SAYS, listen } from '../mounts.ts';
import { sendRaw } from '../raw.ts';

type App = ReturnType<typeof express>;

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function make(): Switchboard {
  const { switchboard } = compose(
    { firebaseProjectId: 'demo-project', logger: createFakeLog() },
    createFakeClock(),
  );
  cleanups.push(() => switchboard.stop());
  return switchboard;
}

async function serve(listener: RequestListener): Promise<string> {
  const { origin, close } = await listen(createServer(listener));
  cleanups.push(close);
  return origin;
}

/** 401 is ours: nobody has sent a token. */
async function statusOf(origin: string, target: string): Promise<number | string | undefined> {
  const [answer] = await sendRaw(
    origin,
    `POST ${target} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`,
  );
  return answer?.body === HOST_SAYS ? 'the host' : answer?.status;
}

const WIRED: Record<string, (app: App, { handler }: Switchboard) => void> = {
  'under a prefix': (app, { handler }) => void app.use('/api/calls', handler),
  'with one route replaced': (app, { handler }) =>
    void app.post('/api/calls/livekit-token', handler),
};

describe.each([
  ['Express 4', express4 as unknown as typeof express],
  ['Express 5', express],
])('in %s', (_name, makeApp) => {
  const hostWith = (settings: readonly string[], wire: (app: App, doors: Switchboard) => void) => {
    const app = makeApp();
    for (const setting of settings) app.enable(setting);
    wire(app, make());
    app.use((_request, response) => void response.status(404).send(HOST_SAYS));
    return serve(app);
  };

  describe.each(Object.entries(WIRED))('%s', (_how, wire) => {
    it('a path is found in any case and with a slash at its end, as a route of the host’s own', async () => {
      const origin = await hostWith([], wire);
      for (const path of [
        '/livekit-token',
        '/livekit-token/',
        '/LiveKit-Token',
        '/LIVEKIT-TOKEN/?x=1',
      ]) {
        expect(await statusOf(origin, `/api/calls${path}`), path).toBe(401);
      }
      expect(await statusOf(origin, '/API/Calls/livekit-token')).toBe(401);
      expect(await statusOf(origin, 'http://x.example/api/calls/livekit-token/')).toBe(401);
      for (const path of ['/livekit-tokens', '/livekit%2Dtoken']) {
        expect(await statusOf(origin, `/api/calls${path}`), path).toBe('the host');
      }
    });

    it('a path is found as strictly as the host has set it', async () => {
      const sensitive = await hostWith(['case sensitive routing'], wire);
      expect(await statusOf(sensitive, '/api/calls/livekit-token/')).toBe(401);
      expect(await statusOf(sensitive, '/api/calls/LiveKit-token')).toBe('the host');
      const strict = await hostWith(['strict routing'], wire);
      expect(await statusOf(strict, '/api/calls/LiveKit-token')).toBe(401);
      expect(await statusOf(strict, '/api/calls/livekit-token/')).toBe('the host');
      const both = await hostWith(['strict routing', 'case sensitive routing'], wire);
      expect(await statusOf(both, '/api/calls/livekit-token')).toBe(401);
      expect(await statusOf(both, '/api/calls/LiveKit-token')).toBe('the host');
      expect(await statusOf(both, '/api/calls/livekit-token/')).toBe('the host');
    });
  });
});

describe('in plain node:http', () => {
  it('a path is what is written, with or without scheme and host in front of it', async () => {
    const { handler } = make();
    const origin = await serve((request, response) => handler(request, response));
    const path = '/api/calls/livekit-token';
    for (const target of [
      path,
      `${path}?x=http://y/`,
      `http://x.example${path}`,
      `HTTPS://x:1${path}?x`,
    ]) {
      expect(await statusOf(origin, target), target).toBe(401);
    }
    for (const target of [
      `${path}/`,
      path.toUpperCase(),
      `//x.example${path}`,
      `/http://x.example${path}`,
      `ftp://x.example${path}`,
      'http://x.example',
    ]) {
      expect(await statusOf(origin, target), target).toBe(404);
    }
  });
});
