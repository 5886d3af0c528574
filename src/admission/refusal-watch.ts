// One cause that everybody meets is a fault of the configuration, and becomes one warning that
// names the fix. Whoever likes may send any token, also a good one of a project of his own: a
// warning takes refusals in a row from several networks, or the word of Google's key. Once alone the
// first token of another project is enough: who sets this up has one machine, and often no logger.
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { TokenFault } from '../base/token-fault.ts';

/** Refusals in a row for one reason, and from how many networks at least. */
const IN_A_ROW = 5;
const NETWORKS = 3;
const WARN_EVERY_MS = 3_600_000;
/** What is wrong with a token that is good somewhere else. */
const OF_ANOTHER: readonly string[] = ['audience', 'issuer'];

export interface RefusalWatch {
  /** A token was found good that was not known before. */
  accepted(): void;
  /** `address`: of the client, as failures are counted by. */
  refused(fault: TokenFault, address: string): void;
}

/** Refusals that followed each other, and their one reason. */
interface Row {
  reason: string;
  count: number;
  readonly networks: Set<string>;
}

/** `what`: "ID token" or "App Check token". */
export function createRefusalWatch(options: {
  what: string;
  clock: Clock;
  log: Logger;
}): RefusalWatch {
  const { what, clock, log } = options;
  // Apart, so that junk, which everybody can send, hides nothing that Google has signed.
  const rows = { signed: newRow(), unsigned: newRow() };
  const mayWarn = { clock: atMostEvery(clock), row: atMostEvery(clock) };
  let wasAccepted = false;
  let toldOfOther = false;

  function count(row: Row, fault: TokenFault, network: string): boolean {
    const reason = `${fault.cause} ${fault.found ?? ''}`;
    if (row.reason !== reason) {
      row.reason = reason;
      row.count = 0;
      row.networks.clear();
    }
    row.count += 1;
    if (row.networks.size < NETWORKS) row.networks.add(network);
    return row.count >= IN_A_ROW && row.networks.size >= NETWORKS;
  }

  return {
    accepted() {
      wasAccepted = true;
      if (rows.signed.count > 0) rows.signed = newRow();
    },
    refused(fault, address) {
      // Google's clock against ours: one token tells, and nobody but Google can make it.
      if (fault.cause === 'clock' && fault.isSigned) {
        if (mayWarn.clock()) log.warn({ cause: fault.cause }, slowClock(what, fault));
        return;
      }
      // Where one was good, the configuration is; time alone may have gone wrong since.
      if (wasAccepted && !(fault.cause === 'expired' && fault.isSigned)) return;
      if (!toldOfOther && OF_ANOTHER.includes(fault.cause)) {
        toldOfOther = true;
        log.warn({ cause: fault.cause }, ofAnother(what, fault));
      }
      const row = fault.isSigned ? rows.signed : rows.unsigned;
      if (!count(row, fault, networkOf(address))) return;
      if (mayWarn.row()) log.warn({ cause: fault.cause }, inARow(what, fault, wasAccepted));
    },
  };
}

const newRow = (): Row => ({ reason: '', count: 0, networks: new Set() });

function atMostEvery(clock: Clock): () => boolean {
  let lastAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (clock.monotonic() - lastAt < WARN_EVERY_MS) return false;
    lastAt = clock.monotonic();
    return true;
  };
}

/** An IPv4 address, or the first 48 bits of an IPv6 address, which is what one customer may have many of. */
const networkOf = (address: string): string =>
  address.endsWith('::/64') ? address.split(':', 3).join(':') : address;

const slowClock = (what: string, { message }: TokenFault): string =>
  `this server’s clock is slow, and new tokens are refused for it: switch time synchronization (NTP) on. ` +
  `Of an ${what} that Google has signed: ${message}`;

function inARow(what: string, fault: TokenFault, wasAccepted: boolean): string {
  const since = wasAccepted
    ? `no new ${what} was good lately`
    : `no ${what} has been good since the start`;
  const fix = fault.isSigned ? FIX_OF_SIGNED[fault.cause] : UNVERIFIED;
  const and = fix === undefined ? '' : `. ${fix}`;
  return `${since}, and the last ${IN_A_ROW} or more, from several networks, were refused for one reason. Of the last: ${fault.message}${and}`;
}

/** It is looked at before any key: nobody can say yet who has signed it. */
const ofAnother = (what: string, { cause, message }: TokenFault): string =>
  `an ${what} of another project or issuer was refused, and none has been good since the start: ${message}. ` +
  (cause === 'audience' ? USE_ONE_PROJECT : UNVERIFIED);

const USE_ONE_PROJECT =
  'If your app has sent it, let the app and this server use one project; anybody can send a token of a project of their own';
const UNVERIFIED = 'None of this is verified: anybody can send such a token';
const FIX_OF_SIGNED: Readonly<Record<string, string | undefined>> = {
  audience:
    'Let the app and this server use one project. Take over no name that you do not know: anybody can send tokens of a project of their own',
  expired:
    'Either this server’s clock is fast (compare it, switch NTP on), or the app keeps a token in place of asking getIdToken() each time',
};
