// From where development mode can be reached: from this machine alone, unless HOST asks for more.
import { isIP } from 'node:net';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { isLoopback } from '../base/faults.ts';
import { ConfigError } from '../settings/config.ts';
import type { Environment } from '../settings/sources.ts';

export interface Reach {
  /** What to listen on. */
  readonly host: string;
  /** What this machine's own browser calls it. */
  readonly name: string;
  /** Whether other machines get in. */
  readonly isOpen: boolean;
  /** At which addresses they do. */
  readonly addresses: readonly string[];
  /** DEV_HOSTS: names that lead here. */
  readonly hosts: readonly string[];
  /** A HOST that is not heeded: shells and toolchains set it to the machine's name or kind. */
  readonly ignoredHost: string | undefined;
}

type Interfaces = () => NodeJS.Dict<NetworkInterfaceInfo[]>;

/**
 * @throws ConfigError for DEV_HOSTS that are no names.
 */
export function reachOf(env: Environment, interfaces: Interfaces = networkInterfaces): Reach {
  const hosts = hostsOf(env.DEV_HOSTS ?? '');
  const given = bare(env.HOST?.trim() ?? '');
  const isAddress = isIP(given) !== 0;
  if (!isAddress || given === '127.0.0.1') {
    const ignoredHost = isAddress || ['', 'localhost'].includes(given) ? undefined : given;
    const own = { host: '127.0.0.1', name: 'localhost', isOpen: false, addresses: [] };
    return { ...own, hosts, ignoredHost };
  }
  const isEvery = given === '0.0.0.0' || given === '::';
  const isOpen = !isLoopback(given);
  return {
    host: given,
    name: isEvery ? 'localhost' : written(given),
    isOpen,
    addresses: isEvery ? addressesOf(interfaces(), given === '::') : isOpen ? [written(given)] : [],
    hosts,
    ignoredHost: undefined,
  };
}

/** Without the brackets of an IPv6 address. */
export const bare = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');
const written = (address: string): string => (isIP(address) === 6 ? `[${address}]` : address);

/** IPv4 first: it is what people can type. Link-local addresses are none that a URL can name. */
function addressesOf(all: NodeJS.Dict<NetworkInterfaceInfo[]>, withIpv6: boolean): string[] {
  return Object.values(all)
    .flatMap((list) => list ?? [])
    .filter(({ internal, address }) => !internal && !/^fe80:/i.test(address))
    .filter(({ family }) => family === 'IPv4' || withIpv6)
    .sort((a, b) => a.family.localeCompare(b.family))
    .map(({ address }) => written(address));
}

function hostsOf(text: string): string[] {
  const hosts = text
    .split(',')
    .map((host) => host.trim().toLowerCase())
    .filter((host) => host !== '');
  const wrong = hosts.filter((host) => !/^[a-z\d]([a-z\d.-]*[a-z\d])?$/.test(host));
  if (wrong.length === 0) return hosts;
  throw new ConfigError([
    'DEV_HOSTS must be names of this machine with commas between, like my-laptop.local: ' +
      `no scheme, no port, no *; ${wrong.join(', ')} is none`,
  ]);
}
