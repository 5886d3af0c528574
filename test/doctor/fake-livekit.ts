// A small real server that stands in for LiveKit's room API, with LiveKit's own sentences.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TokenVerifier } from 'livekit-server-sdk';

/** What it does with a request. */
export type LiveKitAnswer =
  /** Judges the token and lists no rooms. */
  | 'rooms'
  /** Never answers. */
  | 'hang'
  /** Cuts the connection. */
  | 'cut'
  /** 401 for another reason than the key pair. */
  | { readonly refusal: string }
  /** Any other server: this status, type and body; `TOKEN` in the body is the token that came. */
  | { readonly status: number; readonly type: string; readonly body: string };

export interface FakeLiveKit {
  /** `ws://…` */
  readonly url: string;
  readonly port: number;
  answerWith(answer: LiveKitAnswer): void;
  close(): Promise<void>;
}

export async function startLiveKit(pair: { key: string; secret: string }): Promise<FakeLiveKit> {
  let answer: LiveKitAnswer = 'rooms';

  const server = createServer(async (request, response) => {
    response.setHeader('connection', 'close');
    const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
    if (answer === 'hang') return;
    if (answer === 'cut') response.destroy();
    else if (answer === 'rooms') await listRooms(request, response, token);
    else if ('refusal' in answer) refuse(response, answer.refusal);
    else {
      response.writeHead(answer.status, { 'content-type': answer.type });
      response.end(answer.body.replace('TOKEN', token));
    }
  });

  async function listRooms(request: IncomingMessage, response: ServerResponse, token: string) {
    const right = '/twirp/livekit.RoomService/ListRooms';
    if (request.method !== 'POST' || request.url !== right) {
      return void response.writeHead(404).end('404 page not found');
    }
    const [, claims = ''] = token.split('.');
    const { iss, video } = JSON.parse(Buffer.from(claims, 'base64url').toString());
    if (iss !== pair.key) return refuse(response, `invalid API key: ${iss}`);
    try {
      await new TokenVerifier(pair.key, pair.secret).verify(token);
    } catch {
      const reason = 'token signature is invalid: signature is invalid';
      return refuse(response, `invalid token: ${token}, error: ${reason}`);
    }
    if (video?.roomList !== true) return refuse(response, 'permissions denied');
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"rooms":[]}');
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}`,
    port,
    answerWith(next) {
      answer = next;
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

const refuse = (response: ServerResponse, sentence: string): void =>
  void response.writeHead(401).end(sentence);
