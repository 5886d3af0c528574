// What every bundle of it says: that the client is whole, and runs without Node.
import { CallsError, createCallsClient, isRinging } from 'livekit-switchboard/client';

const asked = [];
const client = createCallsClient({
  baseUrl: '/api/calls',
  getIdToken: () => 'token',
  feed: 'poll',
  fetch: async (url, { headers }) => {
    asked.push(`${url} ${headers.authorization}`);
    return {
      ok: true,
      status: 200,
      headers: { get: () => null },
      text: async () => '{"calls":[]}',
    };
  },
});
globalThis.client = client.live().then((calls) => {
  client.close();
  return JSON.stringify([asked, calls, typeof isRinging, new CallsError('closed', '').code]);
});
