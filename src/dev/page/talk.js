// Sound and picture of the call that this tab is in. Without them there is the call all the same.
import { firstNameOf } from './people.js';
import { joinRoom } from './room.js';

const LEFT_ALONE_MS = 1_500;
const TRIES = 3;
const AGAIN_MS = 5_000;

async function whatIsMissing() {
  const response = await fetch('/dev/status').catch(() => undefined);
  if (!response?.ok) return undefined;
  const { liveKitUrl, liveKitAnswers, liveKitClientInstalled, canBuildLiveKit } =
    await response.json();
  if (!liveKitAnswers) {
    const remedy = canBuildLiveKit ? 'run npm run livekit once' : 'install livekit-server';
    return `No sound and no picture: no LiveKit server answers at ${liveKitUrl}. To have them, ${remedy} and start again.`;
  }
  if (!liveKitClientInstalled) {
    return 'No sound and no picture: run npm install --save-dev livekit-client and reload.';
  }
  return undefined;
}

/**
 * `on.changed` draws, `on.line` tells what LiveKit does, `on.lost` asks for another way in, since the
 * connection has ended by itself.
 */
export function createTalk(on) {
  let now;

  function fails(mine, entry, note) {
    mine.room = undefined;
    mine.note = note;
    // Whoever reads the note may do what it says.
    setTimeout(() => {
      if (now === mine) void join(mine, entry);
    }, AGAIN_MS);
  }

  /** Only what still counts changes anything. */
  async function join(mine, entry) {
    try {
      const missing = await whatIsMissing();
      if (missing !== undefined) return fails(mine, entry, missing);
      const joined = await joinRoom({
        url: entry.serverUrl,
        token: entry.token,
        camera: entry.call.kind === 'video',
        signal: mine.ending.signal,
        on: {
          changed(room) {
            mine.room ??= room;
            if (now === mine) on.changed();
          },
          came: ({ uid }) => on.line(mine.callId, `${firstNameOf(uid)} came into the room`),
          went: ({ uid }) => on.line(mine.callId, `${firstNameOf(uid)} went out of the room`),
          over: (reason) => isOver(mine, reason),
        },
      });
      mine.tries = 0;
      const without = joined.missing.join(' or ');
      mine.note = without && `You are in the call without ${without}.`;
      const what = without ? `without ${without}` : 'and publishes';
      on.line(mine.callId, `this tab is in the room, ${what}`);
    } catch (error) {
      fails(mine, entry, `No sound and no picture: ${error.message}`);
    } finally {
      if (now === mine) on.changed();
    }
  }

  function isOver(mine, reason) {
    if (now !== mine) return;
    on.line(mine.callId, `this tab’s connection ended${reason ? `: ${reason}` : ''}`);
    mine.room = undefined;
    on.changed();
    // The server says by itself why, where the call is over or another tab has taken it.
    setTimeout(() => {
      if (now !== mine) return;
      const { callId, tries } = mine;
      if (tries < TRIES) on.lost(callId, tries + 1);
    }, LEFT_ALONE_MS);
  }

  const talk = {
    callId: () => now?.callId,
    room: () => now?.room,
    note: () => now?.note,
    enter(entry, tries = 0) {
      talk.leave();
      now = { callId: entry.call.id, tries, ending: new AbortController() };
      void join(now, entry);
    },
    leave() {
      const before = now;
      now = undefined;
      before?.ending.abort();
    },
    async toggle(device) {
      const { localParticipant } = now.room;
      if (device === 'camera') {
        await localParticipant.setCameraEnabled(!localParticipant.isCameraEnabled);
      } else {
        await localParticipant.setMicrophoneEnabled(!localParticipant.isMicrophoneEnabled);
      }
      on.changed();
    },
  };
  return talk;
}
