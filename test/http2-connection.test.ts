import { once } from 'node:events';
import { createServer, setGlobalProxyFromEnv } from 'node:http';
import https from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createHttp2Connection } from '../src/base/http2-connection.ts';
import { codesOf, explain } from '../src/base/network-faults.ts';
import { type Reply, startProviderServer } from '../src/dev/stand-ins/provider-server.ts';
import { makeCertificate } from './fakes/certificate.ts';
import { createFakeClock } from './fakes/clock.ts';
import { freePort } from './fakes/free-port.ts';
import { readByScript, startOnePieceServer } from './fakes/one-piece-http2.ts';

const ok: Reply = { status: 200, body: { name: 'x' } };

async function stage(tls?: { key: string; cert: string }) {
  const server = await startProviderServer({ answer: () => ok, tls });
  onTestFinished(server.stop);
  return server;
}

function connectionTo(origin: string) {
  const clock = createFakeClock();
  const connection = createHttp2Connection({ origin, clock });
  onTestFinished(connection.close);
  const ask = async () => {
    const { signal } = new AbortController();
    return await connection.ask({ path: '/', headers: {}, body: '{}', signal });
  };
  return { clock, connection, ask };
}

/** As an operator's NODE_EXTRA_CA_CERTS, or a host's own agent. */
function trust(cert: string): void {
  const { options } = https.globalAgent;
  const before = options.ca;
  options.ca = cert;
  onTestFinished(() => {
    options.ca = before;
  });
}

function abortable() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

const codeOf = async (work: Promise<unknown>): Promise<string | undefined> =>
  await work.then(
    () => undefined,
    (error) => codesOf(error)[0],
  );

describe('an HTTP/2 connection', () => {
  it('goes over TLS, and believes what the process’ agent believes', async () => {
    const tls = makeCertificate();
    const server = await stage(tls);
    trust(tls.cert);
    const { ask } = connectionTo(server.url);
    expect(await ask()).toMatchObject({ status: 200, text: '{"name":"x"}' });
    expect(await ask()).toMatchObject({ status: 200 });
    expect(server.opened).toBe(1);
  });

  it('takes answers that come in one piece, each asked for once', async () => {
    const tls = makeCertificate();
    const server = await startOnePieceServer({ tls, body: 'x', together: 20 });
    readByScript(tls.cert);
    const { ask } = connectionTo(server.url);
    const answers = await Promise.all(Array.from({ length: 20 }, ask));
    expect(answers.map(({ text }) => text)).toEqual(Array(20).fill('x'));
    expect([server.asked(), server.opened()]).toEqual([20, 1]);
  });

  it('believes no certificate that nobody vouches for', async () => {
    const server = await stage(makeCertificate());
    const { ask } = connectionTo(server.url);
    expect(await codeOf(ask())).toMatch(/SELF_SIGNED/);
    expect(server.opened).toBe(0);
  });

  it('believes no certificate of another name', async () => {
    const tls = makeCertificate('api.push.example.com');
    const server = await stage(tls);
    trust(tls.cert);
    expect(await codeOf(connectionTo(server.url).ask())).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('is none with a server that speaks HTTP/1 alone, which has a sentence of its own', async () => {
    const tls = makeCertificate();
    trust(tls.cert);
    const server = https
      .createServer({ ...tls, ALPNProtocols: ['http/1.1'] })
      .listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { ask } = connectionTo(`https://localhost:${port}`);
    const error = await ask().catch((cause: unknown) => cause);
    expect(explain(error, { host: 'x.example.com', variable: undefined })).toMatchObject({
      detail: 'what answers at x.example.com speaks no HTTP/2',
    });
  });

  it('is none by a proxy that lets nobody through', async () => {
    const proxy = createServer();
    proxy.on('connect', (_, socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const { port } = proxy.address() as AddressInfo;
    const restore = setGlobalProxyFromEnv({ https_proxy: `http://127.0.0.1:${port}` });
    onTestFinished(() => {
      restore();
      proxy.close();
    });
    const error = await connectionTo('https://push.example.com')
      .ask()
      .catch((cause: unknown) => cause);
    expect(explain(error, { host: 'push.example.com', variable: undefined })).toMatchObject({
      detail: 'the proxy does not let this machine through to push.example.com',
    });
  });

  it('goes by the process’ proxy, where it has one', async () => {
    const tls = makeCertificate();
    const server = await stage(tls);
    trust(tls.cert);
    const tunnels: string[] = [];
    const proxy = createServer();
    proxy.on('connect', ({ url = '' }, socket) => {
      tunnels.push(url);
      const far = connect(Number(url.split(':')[1]), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        far.pipe(socket).pipe(far);
      });
      far.on('error', () => socket.destroy());
      socket.on('error', () => far.destroy());
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const { port } = proxy.address() as AddressInfo;
    const restore = setGlobalProxyFromEnv({ https_proxy: `http://127.0.0.1:${port}` });
    onTestFinished(() => {
      restore();
      proxy.closeAllConnections();
      proxy.close();
    });
    const { ask, connection } = connectionTo(server.url);
    // For a proxy the process gets a new agent.
    trust(tls.cert);
    expect(await ask()).toMatchObject({ status: 200 });
    expect(tunnels).toEqual([new URL(server.url).host]);
    connection.close();
    await vi.waitFor(() => expect(server.open).toBe(0));
  });

  it('opens once, however many ask at once', async () => {
    const server = await stage();
    const { ask } = connectionTo(server.url);
    await Promise.all(Array.from({ length: 50 }, ask));
    expect(server.opened).toBe(1);
  });

  it('is made anew as often as it ends', async () => {
    const server = await stage();
    const { ask } = connectionTo(server.url);
    await ask();
    for (const end of [server.goAway, server.cut, server.goAway, server.cut]) {
      const asked = Array.from({ length: 5 }, ask);
      end();
      for (const answer of await Promise.all(asked)) expect(answer.status).toBe(200);
    }
    for (let cut = 0; cut < 3; cut += 1) {
      server.cut();
      expect(await ask()).toMatchObject({ status: 200 });
    }
    await vi.waitFor(() => expect(server.open).toBe(1));
  });

  it('waits where the other side takes one at a time, and gives up a place in that line', async () => {
    const server = await startProviderServer({ answer: () => ok, streamsMax: 1 });
    onTestFinished(server.stop);
    const { ask, connection } = connectionTo(server.url);
    await connection.open();
    const { signal, ...waiting } = abortable();
    const question = { path: '/', headers: {}, body: '{}', signal };
    const asked = Array.from({ length: 50 }, ask);
    const given = connection.ask(question).catch((error: unknown) => error);
    waiting.abort();
    expect(await given).toBeInstanceOf(Error);
    expect((await Promise.all(asked)).every(({ status }) => status === 200)).toBe(true);
    expect(await ask()).toMatchObject({ status: 200 });
    expect(server.opened).toBe(1);
  });

  it('carries thousands at once', async () => {
    const server = await stage();
    const { ask } = connectionTo(server.url);
    const answers = await Promise.all(Array.from({ length: 5_000 }, ask));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(server.opened).toBe(1);
  });

  it('rejects what it is asked once it is closed, and closes what is opening', async () => {
    const server = await stage();
    const { ask, connection } = connectionTo(server.url);
    const opening = connection.open();
    connection.close();
    await expect(opening).rejects.toThrow(/ended/);
    await expect(ask()).rejects.toThrow(/closed/);
    await vi.waitFor(() => expect(server.open).toBe(0));
  });

  it('waits for nobody whose signal has aborted', async () => {
    const server = await stage();
    const { connection, clock } = connectionTo(server.url);
    const signal = AbortSignal.abort(new Error('late'));
    const question = { path: '/', headers: {}, body: '{}', signal };
    await expect(connection.ask(question)).rejects.toThrow('late');
    await vi.waitFor(() => expect(clock.waiting()).toEqual([]));
  });

  it('says what the network says', async () => {
    const port = await freePort();
    expect(await codeOf(connectionTo(`http://127.0.0.1:${port}`).ask())).toBe('ECONNREFUSED');
    expect(await codeOf(connectionTo(`https://127.0.0.1:${port}`).ask())).toBe('ECONNREFUSED');
  });

  it('tells TLS from what is none', async () => {
    const server = await stage();
    const { port } = new URL(server.url);
    expect(await codeOf(connectionTo(`https://127.0.0.1:${port}`).ask())).toMatch(/^E/);
  });
});
