import express = require('express');

import {
  createSwitchboard,
  type HostUser,
  type MayRing,
  type SendPush,
  type Switchboard,
} from 'livekit-switchboard';

/** What this host's own middleware has found out. */
type SignedInRequest = express.Request & { session?: { uid: string } };

const switchboard: Switchboard = createSwitchboard({
  livekitApiKey: process.env.LIVEKIT_API_KEY,
  livekitApiSecret: process.env.LIVEKIT_API_SECRET,
  userOf(req: SignedInRequest): HostUser {
    return req.session && req.ip ? { uid: req.session.uid } : undefined;
  },
  mayRing: async () => 'silent',
  sendPush: async ({ device }, signal) => (device.sandbox && signal.aborted ? 'failed' : 'handed'),
  profileOf: async (uid) => ({ name: uid, picture: null }),
});

// One word, and by functions that are no `async` ones too.
export const senders: readonly SendPush[] = [
  async () => 'gone',
  () => 'gone',
  async () => ({ result: 'failed', retryAfterMs: 1_000 }),
  // @ts-expect-error: no such answer
  async () => 'sent',
];
export const rules: readonly MayRing[] = [
  () => 'silent',
  async () => true,
  async ({ callees }) => Object.fromEntries(callees.map((uid) => [uid, 'silent' as const])),
];

const app = express();
app.use('/api/calls', switchboard.handler);
app.use(express.json());
app.use(switchboard.errorHandler);
app.listen(3000);
