// A count of proxies that can't be right shows in the requests: the address that it finds is a
// proxy's own, and all who come that way are one. Said once for each kind, and never with an address.
import type { Logger } from '../base/log.ts';
import { bareAddress, isCloudflares, isPrivate, type TrustProxy } from './address.ts';

/** A wrong count shows at once, and looking costs time. */
const LOOKS_MAX = 1_000;

const SHARED = 'so that all who come that way count as one address';

/** Where a request has come by: the connection's other side first, then what proxies have added. */
export interface Way {
  readonly addresses: readonly (string | undefined)[];
  /** Which of them is the client's. */
  readonly taken: number;
}

export interface Doubts {
  look(way: Way, isHosts: boolean): void;
  headerIsMissing(): void;
  /** `Forwarded` came, and no `X-Forwarded-For`. */
  onlyForwarded(): void;
}

export function createDoubts(options: {
  readonly trustProxy: TrustProxy;
  readonly clientAddressHeader: string | undefined;
  readonly log: Logger;
}): Doubts {
  const { trustProxy, clientAddressHeader, log } = options;
  const told = new Set<string>();
  let looks = 0;
  const tell = (kind: string, fields: object, sentence: string): void => {
    if (told.has(kind)) return;
    told.add(kind);
    log.warn(fields, sentence);
  };

  return {
    look(way, isHosts) {
      if (looks >= LOOKS_MAX) return;
      looks += 1;
      const { addresses, taken } = way;
      const fields = { entries: addresses.length - 1, taken };
      if (!isHosts && trustProxy === 0) {
        tell(
          'nobody',
          fields,
          'X-Forwarded-For came and TRUST_PROXY is 0: limits count by the proxy’s address. ' +
            'Set TRUST_PROXY to the number of proxies in front (docs/networks.md)',
        );
        return;
      }
      if (!isHosts && typeof trustProxy === 'number' && addresses.length <= trustProxy) {
        tell(
          'short',
          fields,
          `X-Forwarded-For had fewer entries than TRUST_PROXY=${trustProxy} counts: what is believed ` +
            'there a client may have written itself. Count the proxies in front (docs/networks.md)',
        );
        return;
      }
      const what = whoseIs(addresses[taken]);
      // With nothing further left it may well be a client of an inner network.
      if (what === undefined || taken === -1 || taken === addresses.length - 1) return;
      tell(
        what,
        fields,
        `The client’s address was ${what}, ${SHARED}, and X-Forwarded-For goes on: ` +
          adviceFor(way, isHosts ? undefined : trustProxy),
      );
    },
    onlyForwarded() {
      tell(
        'forwarded',
        {},
        'Forwarded (RFC 7239) came without X-Forwarded-For, and is not read: limits count by the ' +
          'proxy’s address. Let the proxy send X-Forwarded-For (docs/networks.md)',
      );
    },
    headerIsMissing() {
      tell(
        'header',
        {},
        `CLIENT_ADDRESS_HEADER is ${clientAddressHeader}, and a request with X-Forwarded-For came ` +
          'without it, or with more or less than an address in it: it is counted as TRUST_PROXY says',
      );
    },
  };
}

function whoseIs(text: string | undefined): string | undefined {
  const address = bareAddress(text);
  if (address === undefined) return 'no address at all';
  if (isPrivate(address)) return 'a private one';
  return isCloudflares(address) ? 'one of Cloudflare’s' : undefined;
}

/** `trustProxy` undefined: it is the host that decides. */
function adviceFor({ addresses, taken }: Way, trustProxy: TrustProxy | undefined): string {
  const first = addresses.findIndex((text, at) => at > taken && whoseIs(text) === undefined);
  const seen = first === -1 ? '' : `; the first that is neither is found by ${first}`;
  const where = 'docs/networks.md has the numbers of the platforms';
  if (trustProxy === undefined) return `set the host’s trust proxy right (${where}${seen})`;
  if (typeof trustProxy === 'number') return `set TRUST_PROXY right (${where}${seen})`;
  return `TRUST_PROXY does not list that proxy (${where})`;
}
