// HTTP by hand, for what no client library would send.
import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** A connection to `url`'s server; `read` answers everything that came until it was closed. */
export async function openSocket(
  url: string,
): Promise<{ socket: Socket; read(): Promise<string> }> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  const closed = new Promise<void>((done) => socket.once('close', () => done()));
  // A reset is an answer too: what had come before it counts.
  socket.on('error', () => {});
  await new Promise<void>((done) => socket.once('connect', done));
  return {
    socket,
    async read() {
      await closed;
      return Buffer.concat(chunks).toString();
    },
  };
}

/** Sends `text` and reads until the server closes. */
export async function sendRaw(url: string, text: string | Buffer): Promise<RawAnswer[]> {
  const { socket, read } = await openSocket(url);
  socket.write(text);
  return answersIn(await read());
}

/** The answers in a stream of bytes, one after the other. */
export function answersIn(text: string): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = text;
  while (rest !== '') {
    const end = rest.indexOf('\r\n\r\n');
    const [first = '', ...lines] = rest.slice(0, end).split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const length = Number(headers['content-length'] ?? 0);
    const body = rest.slice(end + 4, end + 4 + length);
    answers.push({ status: Number(first.split(' ')[1]), headers, body });
    rest = rest.slice(end + 4 + length);
  }
  return answers;
}
