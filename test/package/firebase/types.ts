import { initializeApp } from 'firebase-admin/app';
import { createSwitchboard, type Switchboard } from 'livekit-switchboard';

export const switchboard: Switchboard = createSwitchboard({
  firebaseApp: initializeApp({ projectId: 'my-project' }),
  checkRevoked: true,
});
