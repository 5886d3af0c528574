import express, { type Request } from 'express';
import {
  type AuthorizeRoom,
  createSwitchboard,
  ERROR_CODES,
  type ErrorCode,
  type SwitchboardOptions,
} from 'livekit-switchboard';

const authorizeRoom: AuthorizeRoom = async ({ user, roomName }) => {
  if (roomName.startsWith('stage-')) {
    return { allow: true, permissions: { sources: ['microphone'], canPublishData: false } };
  }
  // A room of one's own: both are names, and may be compared.
  return { allow: user.uid === roomName || roomName.includes(user.uid) };
};

const options: SwitchboardOptions = {
  firebaseProjectId: 'my-project',
  livekitApiKey: process.env.LIVEKIT_API_KEY,
  livekitApiSecret: process.env.LIVEKIT_API_SECRET,
  authorizeRoom,
};
const switchboard = createSwitchboard(options);

const app = express();
app.post('/api/calls/livekit-token', switchboard.handler);
app.get('/codes', (_req: Request, res) => {
  const codes: readonly ErrorCode[] = ERROR_CODES;
  res.json(codes);
});
app.listen(3000);
