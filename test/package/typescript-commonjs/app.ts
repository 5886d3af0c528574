import express = require('express');

import { createSwitchboard, type HostUser, type Switchboard } from 'livekit-switchboard';

/** What this host's own middleware has found out. */
type SignedInRequest = express.Request & { session?: { uid: string } };

const switchboard: Switchboard = createSwitchboard({
  livekitApiKey: process.env.LIVEKIT_API_KEY,
  livekitApiSecret: process.env.LIVEKIT_API_SECRET,
  userOf(req: SignedInRequest): HostUser {
    return req.session && req.ip ? { uid: req.session.uid } : undefined;
  },
});

const app = express();
app.use('/api/calls', switchboard.handler);
app.use(express.json());
app.use(switchboard.errorHandler);
app.listen(3000);
