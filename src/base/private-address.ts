// Addresses that are nobody's on the open internet: loopback, private networks, a cloud's metadata.
// A URL from outside may not lead this process there.
import { lookup as lookUp } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/**
 * Of the registries of special purposes (RFC 6890 and its successors), what is multicast, and the one
 * public address at which a cloud (Azure) answers its own machines alone.
 */
const IPV4: readonly string[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/** Within 2000::/3, the only ones that are given out. 6to4 and Teredo would lead on to any IPv4 address. */
const IPV6: readonly string[] = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];
/** How a network without IPv4 reaches it (RFC 6052): its last 32 bits are the IPv4 address. */
const NAT64 = '64:ff9b::';

const ipv4 = listOf('ipv4', IPV4);
const global6 = listOf('ipv6', ['2000::/3']);
const special6 = listOf('ipv6', IPV6);
const nat64 = listOf('ipv6', [`${NAT64}/96`]);
const special64 = listOf(
  'ipv6',
  IPV4.map((range) => {
    const [network, bits] = range.split('/');
    return `${NAT64}${network}/${96 + Number(bits)}`;
  }),
);

/** Whether it leads to the open internet. What is no address does not. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !ipv4.check(address, 'ipv4');
    case 6: {
      // A zone (fe80::1%eth0) is one of this machine's own networks.
      if (address.includes('%')) return false;
      if (nat64.check(address, 'ipv6')) return !special64.check(address, 'ipv6');
      return global6.check(address, 'ipv6') && !special6.check(address, 'ipv6');
    }
    default:
      return false;
  }
}

/** A host leads to no public address. */
export class PrivateAddressError extends Error {
  constructor(host: string) {
    super(`${host} leads to no public address`);
    this.name = 'PrivateAddressError';
  }
}

/** @throws PrivateAddressError where the URL's host is an address, and none of the open internet. */
export function refusePrivateAddress(url: URL): void {
  const host = withoutBrackets(url.hostname);
  if (isIP(host) !== 0 && !isPublicAddress(host)) throw new PrivateAddressError(url.hostname);
}

/**
 * Looks `host` up for a connection and answers only public addresses: what was looked at is what is
 * connected to. Other names are a proxy's, and may lead anywhere.
 */
export function publicLookup(host: string, look: typeof lookUp = lookUp): LookupFunction {
  return (name, options, callback) => {
    look(name, { ...options, all: true }, (error, found) => {
      const addresses =
        name === host ? found?.filter(({ address }) => isPublicAddress(address)) : found;
      const [first] = addresses ?? [];
      if (error !== null) callback(error, []);
      else if (first === undefined) callback(new PrivateAddressError(name), []);
      else if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

/** Whether the URL's host is named there, an IPv6 address with brackets or without. */
export const isHostAmong = ({ hostname }: URL, hosts: readonly string[]): boolean =>
  [hostname, withoutBrackets(hostname)].some((host) => hosts.includes(host));

export const withoutBrackets = (hostname: string): string => hostname.replace(/^\[|\]$/g, '');

function listOf(type: 'ipv4' | 'ipv6', ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network, bits] = range.split('/') as [string, string];
    list.addSubnet(network, Number(bits), type);
  }
  return list;
}
