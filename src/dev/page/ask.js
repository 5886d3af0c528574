// One token request, as an app makes it, and the ways in which it can be refused.
const ENDPOINT = '/api/calls/livekit-token';

async function idToken(uid, query = '') {
  const response = await fetch(`/dev/id-token/${encodeURIComponent(uid)}${query}`);
  if (!response.ok) throw new Error(`The identity provider answered ${response.status}.`);
  return response.text();
}

/** The first character of the signature stands for other bits; its last could stand for none. */
function forged(token) {
  const at = token.lastIndexOf('.') + 1;
  return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
}

const bearer = (token) => ({ authorization: `Bearer ${token}` });
const asked = (uid, roomName) => ({ roomName, participantIdentity: uid });

/** What is sent, by name: a proper request first. */
export const VARIANTS = {
  proper: {
    label: 'a proper request',
    make: async (uid, room) => ({ headers: bearer(await idToken(uid)), body: asked(uid, room) }),
  },
  other: {
    label: 'another identity (403)',
    make: async (uid, room) => ({
      headers: bearer(await idToken(uid)),
      body: asked('somebody-else', room),
    }),
  },
  none: {
    label: 'no ID token (401)',
    make: async (uid, room) => ({ headers: {}, body: asked(uid, room) }),
  },
  forged: {
    label: 'a forged ID token (403)',
    make: async (uid, room) => ({
      headers: bearer(forged(await idToken(uid))),
      body: asked(uid, room),
    }),
  },
  expired: {
    label: 'an expired ID token (403)',
    make: async (uid, room) => ({
      headers: bearer(await idToken(uid, '?expired')),
      body: asked(uid, room),
    }),
  },
};

/** The answer with its status; rejects only where there is none. */
export async function askForToken({ uid, room, variant }) {
  const { headers, body } = await VARIANTS[variant].make(uid, room);
  const response = await fetch(ENDPOINT, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}
