// An HTTP/2 server that writes many answers at once, as a busy provider does. Frames by hand: Node's
// own server sends each in a piece of its own.
import { once } from 'node:events';
import https from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls, createServer, type TLSSocket } from 'node:tls';
import { onTestFinished, vi } from 'vitest';

const PREFACE_BYTES = 24;
const HEAD_BYTES = 9;
const [DATA, HEADERS, SETTINGS] = [0, 1, 4];
/** Of a stream that ends, and of settings that are known. */
const END = 1;
const END_HEADERS = 4;
/** `:status: 200`, the eighth of the static table. */
const STATUS_200 = Buffer.from([0x88]);
const NOTHING = Buffer.alloc(0);

/** Answers `body` to so many questions together, in one write. */
export async function startOnePieceServer(options: {
  tls: { key: string; cert: string };
  body: string;
  together: number;
}) {
  const { tls, body, together } = options;
  const waiting: Buffer[] = [];
  let asked = 0;
  let opened = 0;
  const answer = (socket: TLSSocket, stream: number) => {
    asked += 1;
    waiting.push(frame(HEADERS, END_HEADERS, { stream, payload: STATUS_200 }));
    waiting.push(frame(DATA, END, { stream, payload: Buffer.from(body) }));
    if (asked % together === 0) socket.write(Buffer.concat(waiting.splice(0)));
  };
  const server = createServer({ ...tls, ALPNProtocols: ['h2'] }, (socket) => {
    opened += 1;
    onTestFinished(() => void socket.destroy());
    socket.write(frame(SETTINGS, 0, { stream: 0, payload: NOTHING }));
    let rest: Buffer = NOTHING;
    let skipped = 0;
    socket
      .on('error', () => {})
      .on('data', (piece: Buffer) => {
        const preface = Math.min(PREFACE_BYTES - skipped, piece.length);
        skipped += preface;
        rest = Buffer.concat([rest, piece.subarray(preface)]);
        while (rest.length >= HEAD_BYTES) {
          const length = HEAD_BYTES + rest.readUIntBE(0, 3);
          if (rest.length < length) break;
          const [type, flags, stream] = [rest[3], rest[4], rest.readUInt32BE(5)];
          rest = rest.subarray(length);
          if (type === SETTINGS && flags === 0) {
            socket.write(frame(SETTINGS, END, { stream, payload: NOTHING }));
          }
          if (type === DATA && flags === END) answer(socket, stream);
        }
      });
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `https://localhost:${port}`, asked: () => asked, opened: () => opened };
}

/** What the process' agent connects: what has come is read in one go then, as where a write has held it back: no promise goes on between. */
export function readByScript(ca: string): void {
  const agent = vi.spyOn(https.globalAgent, 'createConnection').mockImplementation((options) => {
    const { port = 0 } = options as { port?: number };
    const wire = connect(port, '127.0.0.1');
    const socket = new Duplex({
      read() {},
      write: (piece, _encoding, done) => void wire.write(piece, () => done()),
    });
    wire.on('data', (piece) => socket.push(piece)).on('close', () => socket.destroy());
    socket.on('close', () => wire.destroy());
    return connectTls({ socket, servername: 'localhost', ca, ALPNProtocols: ['h2'] });
  });
  onTestFinished(() => agent.mockRestore());
}

function frame(
  type: number,
  flags: number,
  { stream, payload }: { stream: number; payload: Uint8Array },
): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}
