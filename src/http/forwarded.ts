// Whose request it is, by what the proxies in front have said of it.
import type { IncomingMessage } from 'node:http';
import type { Logger } from '../base/log.ts';
import { bareAddress, rangesOf, type TrustProxy } from './address.ts';
import { createDoubts, type Way } from './address-doubts.ts';

/** More proxies than that stand in front of nobody, and a header may name thousands. */
const HOPS_MAX = 32;

/**
 * Answers the client's address, as it was written: that of the header in which the platform names
 * it, where there is one; otherwise the host's own view; otherwise by `trustProxy`.
 */
export function createAddressOf(options: {
  readonly trustProxy: TrustProxy;
  /** In small letters. */
  readonly clientAddressHeader: string | undefined;
  readonly log: Logger;
}): (raw: IncomingMessage, hostsView: string | undefined) => string | undefined {
  const { trustProxy, clientAddressHeader, log } = options;
  const isTrusted = typeof trustProxy === 'number' ? undefined : rangesOf(trustProxy);
  const isProxy = (address: string | undefined, hop: number): boolean => {
    if (isTrusted === undefined) return hop < (trustProxy as number);
    const bare = bareAddress(address);
    return bare !== undefined && isTrusted(bare);
  };
  const doubts = createDoubts({ trustProxy, clientAddressHeader, log });

  return (raw, hostsView) => {
    const peer = raw.socket.remoteAddress;
    const forwarded = raw.headers['x-forwarded-for'];
    // Where proxies are listed, whoever else reaches us may write what he likes.
    if (clientAddressHeader !== undefined && (isTrusted === undefined || isProxy(peer, 0))) {
      const named = raw.headers[clientAddressHeader];
      // One that came twice has a comma in it, and is no address.
      if (typeof named === 'string' && bareAddress(named) !== undefined) return named;
      if (forwarded !== undefined) doubts.headerIsMissing();
    }
    if (forwarded === undefined) {
      if (raw.headers.forwarded !== undefined && hostsView === undefined) doubts.onlyForwarded();
      return hostsView ?? peer;
    }
    const addresses = [peer, ...entriesOf(forwarded)];
    const taken =
      hostsView === undefined
        ? hopsThrough(addresses, isProxy)
        : addresses.findIndex((address) => bareAddress(address) === bareAddress(hostsView));
    doubts.look({ addresses, taken }, hostsView !== undefined);
    return hostsView ?? addresses[taken];
  };
}

/** From the right: the last is what the nearest proxy has seen. */
function entriesOf(forwarded: string | string[]): string[] {
  const entries = String(forwarded).split(',').slice(-HOPS_MAX);
  return entries.map((entry) => entry.trim()).reverse();
}

function hopsThrough(
  addresses: Way['addresses'],
  isProxy: (address: string | undefined, hop: number) => boolean,
): number {
  const last = addresses.length - 1;
  const first = addresses.findIndex((address, hop) => !isProxy(address, hop));
  return first === -1 ? last : first;
}
