// What is wrong with a setting, as the end of a sentence ("must …"), or undefined where nothing
// is. The library's options and the server's variables are held to the same.
import { isIP } from 'node:net';

export type FaultOf = (value: string) => string | undefined;

/**
 * The value in a sentence, where it is short and has the form of what was asked for. People paste
 * keys and passwords into the wrong place, and whatever may be one is told to nobody.
 */
export function shown(value: string, form: RegExp): string {
  const isPlain = /^[!-~]{1,80}$/.test(value) && !value.includes('@');
  return isPlain && form.test(value) && !/[\w+/=-]{24}/.test(value) ? value : 'one of them';
}

const PLACEHOLDER = /\$\{|\{\{|%\{|<[^<>]*>/;
const FILL_IN = 'must be filled in: it holds a placeholder, like {NAME} or <name>';

/** A URL of one of these protocols (`wss:`), without user and password. */
export const faultOfUrl =
  (...protocols: readonly string[]): FaultOf =>
  (value) => {
    if (PLACEHOLDER.test(value)) return FILL_IN;
    const url = URL.parse(value);
    // URL takes `wss:host` and backslashes too, and others do not.
    const isWhole = /^[a-z]+:\/\/[^/\\\s][^\\\s]*$/i.test(value);
    if (url === null || !protocols.includes(url.protocol) || !isWhole) {
      return `must be a URL that begins with ${protocols.map((p) => `${p}//`).join(' or ')}`;
    }
    if (url.username !== '' || url.password !== '') return 'must hold no user or password';
    if (/^(?:https?|wss?|rediss?)$/.test(url.hostname)) {
      return `must begin with ${protocols[0]}// once`;
    }
    return /^your[-_.]/i.test(url.hostname)
      ? 'must name your own host: it holds the one of an example'
      : undefined;
  };

const LIVEKIT_PROTOCOLS = faultOfUrl('wss:', 'ws:');

/** What is told to clients: they add the path by themselves. */
export function faultOfLivekitUrl(value: string): string | undefined {
  const url = URL.parse(value);
  if (url !== null && ['https:', 'http:'].includes(url.protocol)) {
    const right = url.protocol === 'https:' ? 'wss://' : 'ws://';
    return `must be a URL that begins with wss:// or ws://: write ${right} in place of ${url.protocol}//`;
  }
  if (url?.hostname === 'cloud.livekit.io') {
    return 'must be the address of the project (wss://NAME.livekit.cloud in its settings), not that of the dashboard';
  }
  const fault = LIVEKIT_PROTOCOLS(value);
  if (fault !== undefined) {
    const isHost = /^[\w-]+(?:\.[\w-]+)+(?::\d+)?\/?$/.test(value);
    return isHost ? `${fault}: write wss:// before it` : fault;
  }
  const { pathname, search, hash } = new URL(value);
  if (search !== '' || hash !== '') return 'must hold no ? or # and what follows';
  return /\/rtc(?:\/v\d+)?\/?$/.test(pathname)
    ? 'must end before /rtc: clients add it by themselves'
    : undefined;
}

/** Keys that came over an open network would be anybody's. */
export function faultOfKeysUrl(value: string): string | undefined {
  const fault = faultOfUrl('https:', 'http:')(value);
  if (fault !== undefined) return fault;
  const { protocol, hostname } = new URL(value);
  return protocol === 'http:' && !isLoopback(hostname)
    ? 'must be https, or http on loopback'
    : undefined;
}

/** Of a host as a URL has it, in brackets where it is IPv6, or alone. A name may begin with 127 too. */
export const isLoopback = (host: string): boolean =>
  ['localhost', '::1', '[::1]'].includes(host) || (isIP(host) === 4 && host.startsWith('127.'));

/** Its password is the usual way to authenticate, so it may hold one, and nothing of it is told. */
export function faultOfRedisUrl(value: string): string | undefined {
  if (/^https?:/i.test(value)) {
    return 'must be the address that begins with redis:// or rediss://: this one is of an API by HTTP';
  }
  if (!/^rediss?:\/\//.test(value)) return 'must be a URL that begins with redis:// or rediss://';
  if (PLACEHOLDER.test(value)) return FILL_IN;
  const url = URL.parse(value);
  const encode = 'have % # / ? @ : in its password written as %25 %23 %2F %3F %40 %3A';
  if (url === null || /\s/.test(value) || url.hash !== '') return `must ${encode}`;
  if (!isDecodable(url.username) || !isDecodable(url.password)) return `must ${encode}`;
  if (url.hostname === '') return 'must name a host, like redis://host:6379';
  return /^\/?\d*$/.test(url.pathname)
    ? undefined
    : `must end in the number of a database, if in anything behind the host, and ${encode}`;
}

const DATABASES = 'sqlite: or postgres://';
/** What a person may have meant who wrote a database as others do. */
const OTHER_DATABASES: readonly (readonly [look: RegExp, fault: string])[] = [
  [/^jdbc:/i, 'must begin with postgres://, without jdbc: before it'],
  [/^psql\s/i, 'must be the address alone, without psql before it'],
  [/^postgres(?:ql)?\+\w+:/i, 'must begin with postgres://, without the name of a driver'],
  [/^postgres(?:ql)?:(?!\/\/)/i, 'must begin with postgres://, with both slashes'],
  [/^(?:https?|wss?):/i, `must be the address of a database, ${DATABASES}: this one is of HTTP`],
  [
    /^(?:mysql|mariadb|mongodb(?:\+srv)?|sqlserver|mssql|redis|rediss|prisma(?:\+postgres)?|libsql|cockroachdb):/i,
    `must begin with ${DATABASES}: no other database is spoken to here`,
  ],
  [/^(?:file|sqlite3):/i, 'must begin with sqlite: and a path, like sqlite:./data/calls.db'],
  [
    /^(?:\.{0,2}\/|[A-Za-z]:[\\/])?[\w./\\-]+\.(?:db|sqlite3?)$/,
    'must begin with sqlite: before the path, like sqlite:./data/calls.db',
  ],
  [
    /^(?:host|user|dbname)\s*=/i,
    'must be a URL, like postgres://user:password@host:5432/database, and no list of settings',
  ],
];

/** What pg and SQLite would take otherwise than it was meant, or not at all. Nothing of it is told. */
export function faultOfDatabaseUrl(value: string): string | undefined {
  if (/^sqlite:/i.test(value)) return faultOfSqlitePath(value.slice('sqlite:'.length));
  if (!/^postgres(?:ql)?:\/\//.test(value)) {
    const other = OTHER_DATABASES.find(([look]) => look.test(value));
    return other?.[1] ?? `must be a URL that begins with ${DATABASES}`;
  }
  if (PLACEHOLDER.test(value)) return FILL_IN;
  const url = URL.parse(value);
  const encode =
    'be like postgres://user:password@host:5432/database, with % # / ? @ : in the password written as %25 %23 %2F %3F %40 %3A';
  if (url === null || /\s/.test(value) || url.hash !== '') return `must ${encode}`;
  if (!isDecodable(url.username) || !isDecodable(url.password)) return `must ${encode}`;
  if (/^\[.*\]$|^your[-_]/i.test(decodeURIComponent(url.password))) return FILL_IN;
  if (url.hostname === '' && !url.searchParams.has('host')) {
    return 'must name a host, like postgres://user:password@host:5432/database';
  }
  return /^\/[^/]+$/.test(url.pathname)
    ? undefined
    : 'must end in the name of one database, like postgres://user:password@host:5432/database';
}

function faultOfSqlitePath(path: string): string | undefined {
  const example = 'like sqlite:./data/calls.db';
  if (path.startsWith('//')) return `must have the path behind sqlite: without //, ${example}`;
  if (path === ':memory:') return undefined;
  if (/^:?memory:?$/i.test(path)) return 'must be sqlite::memory: where nothing is to be kept';
  if (path === '' || /[\\/]$/.test(path)) return `must name a file behind sqlite:, ${example}`;
  if (/^\s/.test(path)) return `must have the path right behind sqlite:, ${example}`;
  // A folder of that very name would be made.
  if (/^~|\$/.test(path))
    return `must be the path itself, for nobody fills in ~ and $ here, ${example}`;
  return /[?#]|\p{Cc}/u.test(path)
    ? 'must name a file alone behind sqlite:, without ? and #'
    : undefined;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

const LIKE_AN_ADDRESS = /^[\da-f]*[.:][\da-f.:/]*$/i;

/** An address, or a range in CIDR notation. */
export function faultOfAddressRange(value: string): string | undefined {
  const [address = '', bits, ...rest] = value.split('/');
  const family = isIP(address);
  const isRange =
    bits === undefined ||
    (rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
  return family !== 0 && isRange
    ? undefined
    : `must be a number of hops, or addresses and CIDR ranges, and ${shown(value, LIKE_AN_ADDRESS)} is none`;
}

/** Where an emulator listens. firebase-admin puts `http://` before it by itself. */
export function faultOfEmulatorHost(value: string): string | undefined {
  if (/^https?:/i.test(value)) return 'must be host:port, without http://';
  const [, port] = /^(?:\[[\da-f:.]+\]|[\w.-]+):(\d{1,5})$/i.exec(value) ?? [];
  return port !== undefined && Number(port) <= 65_535
    ? undefined
    : 'must be host:port, like 127.0.0.1:9099';
}

/** What a socket can be bound to: an address, or a name for one. */
export function faultOfListenAddress(value: string): string | undefined {
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(value)) return 'must be an address alone, without http://';
  if (isIP(value) !== 0) return undefined;
  if (/^\[.*\](?::\d+)?$|^[^:]+:\d+$/.test(value)) {
    return 'must be an address alone: the port belongs into PORT';
  }
  return /^[a-z\d](?:[\w-]*[a-z\d])?(?:\.[a-z\d](?:[\w-]*[a-z\d])?)*$/i.test(value)
    ? undefined
    : 'must be an address, like 127.0.0.1, or :: for all there are';
}
