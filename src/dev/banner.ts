// What the terminal shows. The command holds no token: it fetches one when it runs.

import { VERSION } from '../base/version.ts';
import type { AccessSettings } from '../settings/settings.ts';
import type { Environment } from '../settings/sources.ts';
import type { DemoUser } from './demo-users.ts';
import type { SettingsInUse } from './dev-config.ts';
import type { Reach } from './reach.ts';

const ROOMS: Readonly<Record<AccessSettings['rule'], string>> = {
  any: 'every user may enter every room (ROOM_ACCESS=any)',
  calls: 'nobody may enter any (ROOM_ACCESS=calls)',
  firestore: 'the members in Firestore’s emulator may enter (ROOM_ACCESS=firestore)',
  http: 'whoever the backend at ACCESS_URL lets in (ROOM_ACCESS=http)',
  host: 'the host decides',
};

interface BannerParts {
  readonly url: string;
  readonly endpoint: string;
  readonly users: readonly DemoUser[];
  readonly calls: string;
  /** Undefined: there are no calls. */
  readonly pushes: string | undefined;
  readonly liveKit: string;
  readonly rule: AccessSettings['rule'];
  readonly settings: SettingsInUse;
  readonly reach: Reach;
  readonly env: Environment;
}

export function banner(parts: BannerParts): string {
  const { url, endpoint, users, calls, pushes, liveKit, rule, settings, reach, env } = parts;
  const [first] = users;
  const { used, putAside } = settings;
  const rows: [string, string][] = [
    ['page', `${url}/`],
    ['users', users.map(({ uid }) => uid).join(', ')],
    ['rooms', ROOMS[rule]],
    ['calls', calls],
    ...(pushes === undefined ? [] : [['pushes', pushes] as [string, string]]),
    ['LiveKit', liveKit],
    [
      'settings',
      used.length > 0
        ? `${used.join(', ')} of the environment`
        : 'the defaults; variables count here too, like ROOM_ACCESS',
    ],
  ];
  if (putAside.length > 0) rows.push(['', `put aside: ${putAside.join(', ')}`]);
  rows.push(...reachRows(reach, new URL(url).port));
  return `
livekit-switchboard ${VERSION}, development mode

${rows.map(([name, text]) => `  ${name.padEnd(9)} ${text}`.trimEnd()).join('\n')}

A LiveKit token for ${first?.uid}:

${curlLine({ url, endpoint, uid: first?.uid ?? '', env })}

Ctrl-C ends it.
`;
}

function reachRows(reach: Reach, port: string): [string, string][] {
  const rows: [string, string][] = [];
  const { addresses, hosts, ignoredHost, isOpen } = reach;
  if (ignoredHost !== undefined) {
    rows.push(['', `put aside: HOST=${ignoredHost}, which is no address`]);
  }
  if (!isOpen) return rows;
  const urls = [...addresses, ...hosts].map((host) => `http://${host}:${port}/`);
  rows.push(['network', urls.join('  ')]);
  rows.push(['', 'WARNING: whoever reaches this port can be any of these users, in any room']);
  return rows;
}

/** In one line, for sh, bash, zsh and fish. */
export function curlLine(parts: {
  url: string;
  endpoint: string;
  uid: string;
  env: Environment;
}): string {
  const { url, endpoint, uid, env } = parts;
  const curl = isProxied(env) ? "curl -s --noproxy '*'" : 'curl -s';
  const body = JSON.stringify({ roomName: 'demo', participantIdentity: uid });
  return (
    `${curl} ${url}${endpoint}` +
    ` -H "Authorization: Bearer $(${curl} ${url}/dev/id-token/${uid})"` +
    ` -H 'Content-Type: application/json' -d '${body}'`
  );
}

/** curl would ask the proxy for localhost too. */
const isProxied = (env: Environment): boolean =>
  [env.http_proxy, env.all_proxy, env.ALL_PROXY].some((proxy) => (proxy ?? '') !== '');
