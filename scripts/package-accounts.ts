// Stands in for the Auth emulator, as far as firebase-admin asks it about one account.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

export const DISABLED_UID = 'disabled';

export async function startAccounts(): Promise<{ host: string; close(): Promise<void> }> {
  const server = createServer(async (request, response) => {
    const { localId } = (await json(request)) as { localId: string[] };
    const isLookUp = request.url?.endsWith('/accounts:lookup') === true;
    const users = localId.map((uid) => ({ localId: uid, disabled: uid === DISABLED_UID }));
    response.writeHead(isLookUp ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ users }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
