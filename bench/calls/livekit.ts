// LiveKit as far as calls ask it: every question is answered, in the time that one takes in the same region.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const ANSWERS_AFTER_MS = 1;

export interface LiveKitStandIn {
  readonly url: string;
  close(): void;
}

/** An empty message is `{}` in Twirp's JSON form, and nothing in protobuf. */
export async function startLiveKit(): Promise<LiveKitStandIn> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    const isJson = request.headers['content-type']?.includes('json') ?? false;
    request.resume();
    setTimeout(() => {
      const type = isJson ? 'application/json' : 'application/protobuf';
      response.writeHead(200, { 'content-type': type }).end(isJson ? '{}' : '');
    }, ANSWERS_AFTER_MS);
  }).listen(0, '127.0.0.1', resolve);
  await promise;
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
