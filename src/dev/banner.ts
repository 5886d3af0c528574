// What the terminal shows. The command holds no token: it fetches one when it runs.

import { VERSION } from '../base/version.ts';
import type { Environment } from '../settings/sources.ts';
import type { DemoUser } from './demo-users.ts';

export function banner(parts: {
  url: string;
  users: readonly DemoUser[];
  liveKit: string;
  env: Environment;
}): string {
  const { url, users, liveKit, env } = parts;
  const [first] = users;
  return `
livekit-switchboard ${VERSION}, development mode

  page     ${url}/
  users    ${users.map(({ uid }) => uid).join(', ')}
  LiveKit  ${liveKit}

A LiveKit token for ${first?.uid}:

${curlLine(url, first?.uid ?? '', env)}

Ctrl-C ends it.
`;
}

/** In one line, for sh, bash, zsh and fish. */
export function curlLine(url: string, uid: string, env: Environment): string {
  const curl = isProxied(env) ? "curl -s --noproxy '*'" : 'curl -s';
  const body = JSON.stringify({ roomName: 'demo', participantIdentity: uid });
  return (
    `${curl} ${url}/api/calls/livekit-token` +
    ` -H "Authorization: Bearer $(${curl} ${url}/dev/id-token/${uid})"` +
    ` -H 'Content-Type: application/json' -d '${body}'`
  );
}

/** curl would ask the proxy for localhost too. */
const isProxied = (env: Environment): boolean =>
  [env.http_proxy, env.all_proxy, env.ALL_PROXY].some((proxy) => (proxy ?? '') !== '');
