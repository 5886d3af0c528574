// Whatever arrives, the answer is a row of the table as JSON, and the next request is served.
import { request } from 'node:http';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../src/base/errors.ts';
import { MOUNTS } from '../mounts.ts';
import { openSocket, sendRaw } from '../raw.ts';
import { GOOD_BODY, type Stage, setStage } from '../stage.ts';

const MiB = 1024 * 1024;

/** Sends everything and only then reads, as simple HTTP clients do; rejects where the connection breaks. */
function sendAllThenRead(url: string, body: Buffer, headers: Record<string, string>) {
  return new Promise<number>((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', headers, agent: false });
    let status: number | undefined;
    outgoing.on('response', (response) => {
      status = response.statusCode;
      response.resume();
      response.on('end', () => resolve(status as number));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const parserless = MOUNTS.filter(({ behindParser }) => behindParser !== true);

describe.each(parserless)('a big body: $name', (mount) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await setStage(mount, { tokenRatePerMinute: 1000, authFailuresPerMinute: 1000 });
  });
  afterAll(() => stage.close());

  it.each([
    ['with a token', 413],
    ['without one', 401],
  ])('is refused so that every client sees it: %s', async (kind, status) => {
    const body = Buffer.alloc(MiB, 'x');
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (kind === 'with a token') headers.authorization = `Bearer ${stage.idToken()}`;
    const seen: unknown[] = [];
    for (let i = 0; i < 20; i += 1) {
      const chunked = i % 2 === 1;
      const length = chunked
        ? { 'transfer-encoding': 'chunked' }
        : { 'content-length': String(body.length) };
      seen.push(
        await sendAllThenRead(stage.tokenUrl, body, { ...headers, ...length }).catch(String),
      );
    }
    expect(seen).toEqual(Array(20).fill(status));
    expect((await stage.ask()).status).toBe(200);
  });
});

describe('a body without end', () => {
  it('is read for 4 MiB and no more', async () => {
    const stage = await setStage(MOUNTS[0] as (typeof MOUNTS)[0]);
    const { socket, read } = await openSocket(stage.tokenUrl);
    socket.write(
      'POST /api/calls/livekit-token HTTP/1.1\r\nhost: x\r\ncontent-length: 900000000\r\n\r\n',
    );
    const piece = Buffer.alloc(64 * 1024, 'x');
    const pump = () => {
      while (!socket.destroyed && socket.write(piece));
    };
    socket.on('drain', pump);
    pump();
    expect(await read()).toMatch(/^HTTP\/1\.1 401 /);
    expect(socket.bytesWritten).toBeLessThan(32 * MiB);
    await stage.close();
  });

  it('is waited for 5 s and no longer', async () => {
    const stage = await setStage(MOUNTS[0] as (typeof MOUNTS)[0]);
    const { socket, read } = await openSocket(stage.tokenUrl);
    socket.write('POST /api/calls/livekit-token HTTP/1.1\r\nhost: x\r\ncontent-length: 90\r\n\r\n');
    // The answer does not wait for the rest.
    await new Promise((done) => socket.once('data', done));
    stage.clock.advance(5_000);
    expect(await read()).toMatch(/^HTTP\/1\.1 401 /);
    await stage.close();
  });
});

describe('two Authorization headers', () => {
  it.each(MOUNTS)('are refused: $name', async (mount) => {
    const stage = await setStage(mount);
    const body = JSON.stringify(GOOD_BODY);
    const path = new URL(stage.tokenUrl).pathname;
    const [answer] = await sendRaw(
      stage.tokenUrl,
      `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${stage.idToken()}\r\n` +
        `Authorization: Bearer x\r\ncontent-type: application/json\r\n` +
        `connection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await stage.close();
    expect([answer?.status, JSON.parse(answer?.body ?? '').code]).toEqual([
      403,
      'id_token_invalid',
    ]);
  });
});

describe('pipelined requests', () => {
  it.each(MOUNTS)('are answered one after the other: $name', async (mount) => {
    const stage = await setStage(mount);
    const path = new URL(stage.tokenUrl).pathname;
    const one = (token: string | undefined, last = false) => {
      const body = JSON.stringify(GOOD_BODY);
      return (
        `POST ${path} HTTP/1.1\r\nhost: x\r\n` +
        (token === undefined ? '' : `authorization: Bearer ${token}\r\n`) +
        `content-type: application/json\r\n${last ? 'connection: close\r\n' : ''}` +
        `content-length: ${body.length}\r\n\r\n${body}`
      );
    };
    const token = stage.idToken();
    const answers = await sendRaw(
      stage.tokenUrl,
      one(token) + one(undefined) + one('nonsense') + one(token, true),
    );
    await stage.close();
    expect(answers.map(({ status }) => status)).toEqual([200, 401, 403, 200]);
  });
});

describe.each(MOUNTS)('anything at all: $name', (mount) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await setStage(mount, { tokenRatePerMinute: 1e6, authFailuresPerMinute: 1e6 });
  });
  afterAll(() => stage.close());
  afterEach(async () => {
    expect((await stage.ask()).status).toBe(200);
  });

  const expectRow = ({ status, body }: { status: number; body: Record<string, string> }) => {
    if (status === 200) {
      expect(body.token).toBeTypeOf('string');
      return;
    }
    expect(status).toBeLessThan(500);
    expect(ERROR_CODES).toContain(body.code);
    expect(body.error).toBeTypeOf('string');
    expect(body.requestId).toBeTypeOf('string');
  };

  it('in the body is answered with a row', async () => {
    const name = fc.oneof(fc.string({ unit: 'binary' }), fc.constant('alice'), fc.jsonValue());
    const body = fc.oneof(
      fc.record(
        {
          roomName: name,
          participantIdentity: name,
          room_name: name,
          participant_identity: name,
          room_config: fc.jsonValue(),
          participantMetadata: fc.jsonValue(),
          ['__proto__']: fc.jsonValue(),
        },
        { requiredKeys: [] },
      ),
      fc.jsonValue(),
    );
    const token = stage.idToken();
    await fc.assert(
      fc.asyncProperty(body, async (value) =>
        expectRow(await stage.ask({ token, body: JSON.stringify(value) })),
      ),
      { numRuns: 60 },
    );
  });

  it('as bytes is answered with a row', async () => {
    const token = stage.idToken();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) =>
        expectRow(await stage.ask({ token, body: Buffer.from(bytes) })),
      ),
      { numRuns: 30 },
    );
  });

  it('as a token is refused', async () => {
    const segment = fc.base64String({ maxLength: 60 });
    const token = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'abcXYZ019._-~+/='.split('')), minLength: 1 }),
      fc.tuple(segment, segment, segment).map((parts) => parts.join('.')),
      fc.constant('x'.repeat(9000)),
    );
    await fc.assert(
      fc.asyncProperty(token, async (value) => {
        const answer = await stage.ask({ token: value });
        expect([401, 403]).toContain(answer.status);
        expectRow(answer);
      }),
      { numRuns: 30 },
    );
  });

  it('as __proto__ gives nobody anything', async () => {
    const body =
      '{"__proto__":{"roomName":"r","participantIdentity":"alice"},"constructor":{"prototype":{"roomName":"r"}}}';
    expect((await stage.ask({ body })).body.code).toBe('request_invalid');
    expect(({} as Record<string, unknown>).roomName).toBeUndefined();
  });
});
