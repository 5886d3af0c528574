// Why something could not be reached, and what to do about it. Told by codes alone: messages of
// errors may quote what was sent.
import { DeadlineError } from './clock.ts';

/** `detail` and `fix` are sentences without a full stop, and never hold a secret. */
export interface Explained {
  readonly result: 'failed';
  readonly detail: string;
  readonly fix: string;
}

export const failed = (detail: string, fix: string): Explained => ({
  result: 'failed',
  detail,
  fix,
});

export interface Place {
  /** Host and port; never a path or a query, which may hold a secret. */
  readonly host: string;
  /** The variable that names it; undefined: one of Google's addresses. */
  readonly variable: string | undefined;
  /** How the variable begins without TLS, e.g. `ws://`. */
  readonly withoutTls?: string;
}

interface Fault {
  readonly codes: RegExp;
  readonly detail: (host: string, code: string) => string;
  readonly fix: (place: Place) => string;
}

const letOut = ({ host }: Place): string =>
  `let this machine out to ${host}: DNS, firewall, outgoing HTTPS`;
const orLetOut =
  (fix: (variable: string, place: Place) => string) =>
  (place: Place): string =>
    place.variable === undefined ? letOut(place) : fix(place.variable, place);

const NO_HTTP: Fault = {
  codes: /^HPE_/,
  detail: (host) => `what listens at ${host} speaks no HTTP`,
  fix: orLetOut((variable) => `correct protocol and port in ${variable}`),
};

const FAULTS: readonly Fault[] = [
  {
    codes: /^ENOTFOUND$/,
    detail: (host) => `DNS knows no host ${host}`,
    fix: orLetOut((variable) => `correct the host name in ${variable}`),
  },
  {
    codes: /^EAI_/,
    detail: (host) => `DNS does not answer for ${host}`,
    fix: () => "check this machine's network and DNS, then try again",
  },
  {
    codes: /^ECONNREFUSED$/,
    detail: (host) => `nothing listens at ${host} (connection refused)`,
    fix: orLetOut(
      (variable) => `start what should listen there, or correct host and port in ${variable}`,
    ),
  },
  {
    codes: /^(?:EHOST|ENET)|^ETIMEDOUT$|_TIMEOUT$/,
    detail: (host) => `${host} is out of reach`,
    fix: orLetOut(
      (variable, { host }) =>
        `let this machine out to ${host} (firewall, private network), or correct ${variable}`,
    ),
  },
  {
    codes: /^(?:CERT_HAS_EXPIRED|CERT_NOT_YET_VALID)$/,
    detail: (host, code) => `the TLS certificate of ${host} is out of date (${code})`,
    fix: ({ host }) => `renew the certificate of ${host}, or set this machine's clock right`,
  },
  {
    codes: /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    detail: (host) => `the TLS certificate at ${host} is for another name`,
    fix: orLetOut((variable) => `write the host in ${variable} as its certificate has it`),
  },
  {
    codes: /SELF_SIGNED|UNABLE_TO_|CERT_/,
    detail: (host, code) => `the TLS certificate of ${host} is not trusted (${code})`,
    fix: () =>
      'use a certificate of a public authority with its whole chain, or name your own in NODE_EXTRA_CA_CERTS',
  },
  {
    codes: /^ERR_NO_HTTP2$|NO_APPLICATION_PROTOCOL$/,
    detail: (host) => `what answers at ${host} speaks no HTTP/2`,
    fix: ({ host }) =>
      `let this machine out to ${host} without anything between that opens TLS (a proxy, a virus scanner)`,
  },
  {
    codes: /^ERR_PROXY_/,
    detail: (host) => `the proxy does not let this machine through to ${host}`,
    fix: ({ host }) => `allow ${host}, port 443, there, or name it in NO_PROXY`,
  },
  {
    codes: /^ERR_SSL_|^EPROTO$/,
    detail: (host, code) => `TLS with ${host} fails (${code})`,
    fix: orLetOut((variable, { withoutTls }) =>
      withoutTls === undefined
        ? `correct the port in ${variable}: what listens there speaks no TLS`
        : `correct the port in ${variable}, or begin it with ${withoutTls} where there is no TLS`,
    ),
  },
  NO_HTTP,
  {
    codes: /^(?:ECONNRESET|EPIPE|UND_ERR_SOCKET|ECONNABORTED)$/,
    detail: (host) => `${host} cuts the connection`,
    fix: orLetOut(
      (variable, { host }) =>
        `look at ${host} and at what is in front of it, and check protocol and port in ${variable}`,
    ),
  },
];

/** Undefined where the fault is not the network's. */
export function networkFault(error: unknown, place: Place): Explained | undefined {
  const { host } = place;
  if (error instanceof DeadlineError || (error as Error | null)?.name === 'TimeoutError') {
    return failed(
      `no answer from ${host} within ${secondsOf(error as Error)} s`,
      orLetOut(
        (variable) => `see why ${host} hangs, or correct ${variable}; is a firewall between?`,
      )(place),
    );
  }
  for (const code of codesOf(error)) {
    const fault = FAULTS.find(({ codes }) => codes.test(code));
    if (fault !== undefined) return failed(fault.detail(host, code), fault.fix(place));
  }
  // Here `fetch` gives no codes. The first: a port that it refuses on principle.
  const { name, message } = ((error as Error | null)?.cause ?? {}) as Partial<Error>;
  if (message === 'bad port') {
    return failed(
      `the port of ${host} is one that no HTTP client asks`,
      `give it another port, in ${place.variable} too`,
    );
  }
  if (name === 'HTTPParserError') return failed(NO_HTTP.detail(host, ''), NO_HTTP.fix(place));
  return undefined;
}

/** As a DeadlineError says it; the time-outs of SDKs are not shorter than a check's own of `doctor`. */
const secondsOf = ({ message }: Error): number =>
  Number(/^no answer within (\d+) ms$/.exec(message)?.[1] ?? 5_000) / 1000;

/** The network's fault, or the little that can be said safely of any other. */
export function explain(error: unknown, place: Place): Explained {
  return networkFault(error, place) ?? unexpected(error, place.host);
}

export function unexpected(error: unknown, asked: string): Explained {
  const name = error instanceof Error ? error.name : typeof error;
  const [code] = codesOf(error);
  return failed(
    `asking ${asked} failed (${code ?? name})`,
    'try again; the log of `livekit-switchboard serve` with LOG_LEVEL=debug says more',
  );
}

/** The codes of an error and of what caused it; what doesn't look like a code is left out. */
export function codesOf(error: unknown): string[] {
  const codes: string[] = [];
  let current = error as { code?: unknown; cause?: unknown } | null | undefined;
  for (let depth = 0; depth < 6 && typeof current === 'object' && current !== null; depth += 1) {
    const { code } = current;
    if (typeof code === 'string' && /^[\w/-]{1,60}$/.test(code)) codes.push(code);
    current = current.cause as typeof current;
  }
  return codes;
}

export const hostOf = (url: string): string => new URL(url).host;
