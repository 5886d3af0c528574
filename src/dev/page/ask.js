// One token request, as an app makes it, and the ways in which it can be refused.

async function idToken(uid, query = '') {
  const response = await fetch(`/dev/id-token/${encodeURIComponent(uid)}${query}`);
  if (!response.ok) throw new Error(`The identity provider answered ${response.status}.`);
  return response.text();
}

const KEPT_MS = 50 * 60_000;

/** As Firebase's SDK does: one token, until it is old or another one is asked for. */
export function idTokensOf(uid) {
  let held;
  let until = 0;
  return (isFresh) => {
    if (!isFresh && Date.now() < until) return held;
    until = Date.now() + KEPT_MS;
    held = idToken(uid);
    held.catch(() => {
      until = 0;
    });
    return held;
  };
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

/**
 * The request as it went, and the answer with its status; rejects only where there is none. What is
 * no JSON (a proxy's page, say) is shown as it is.
 */
export async function askForToken({ uid, room, variant }, endpoint) {
  const { headers, body } = await VARIANTS[variant].make(uid, room);
  const request = {
    method: 'POST',
    url: new URL(endpoint, location.href).href,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
  const { url, ...init } = request;
  const response = await fetch(url, init);
  const text = await response.text();
  return { request, status: response.status, body: parsed(text) };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return { error: text, code: 'not JSON' };
  }
}

/** As HTTP writes it, but for what the browser adds. */
export function written({ method, url, headers, body }) {
  const { pathname, host } = new URL(url);
  const fields = { host, ...headers };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  return [`${method} ${pathname} HTTP/1.1`, ...lines, '', body].join('\n');
}

/** The same request for a shell: sh, bash, zsh. */
export function curlOf({ method, url, headers, body }) {
  const fields = Object.entries(headers).map(
    ([name, value]) => `-H ${quoted(`${name}: ${value}`)}`,
  );
  return ['curl -i', `-X ${method}`, quoted(url), ...fields, `-d ${quoted(body)}`].join(' ');
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
