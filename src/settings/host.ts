// How the host's backend learns what becomes of calls.
import { isIP } from 'node:net';
import { faultOfUrl } from '../base/faults.ts';
import { isHostAmong, isPublicAddress, withoutBrackets } from '../base/private-address.ts';
import { faultOfWebhookSecret } from '../base/standard-webhooks.ts';
import type { OnCallEvent } from '../events/host/message.ts';
import type { DatabaseSettings } from './database.ts';
import { aFunction, list, secret } from './kinds.ts';
import type { Say } from './say.ts';
import type { Table, ValuesOf } from './setting.ts';
import type { HostSettings } from './settings.ts';

const URLS_MAX = 5;

/** As a URL has them. */
const hostName = (value: string): string | undefined =>
  URL.parse(`http://${value}/`)?.hostname === value
    ? undefined
    : 'must be names of hosts alone, like chat.internal, without http:// or a port';

export const HOST = {
  /**
   * Hears every event of every call, in the order of each, at least once. An error, or no answer in
   * 10 s, and it is told again later.
   */
  onCallEvent: {
    meaning: 'Hears every event of every call',
    kind: aFunction<OnCallEvent>('OnCallEvent'),
  },
  /** Where events of calls are posted to, signed; at most 5. */
  webhookUrls: {
    variable: 'WEBHOOK_URLS',
    meaning: `Where your backend hears what becomes of calls, signed: https URLs, separated by commas, at most ${URLS_MAX}`,
    kind: list(faultOfUrl('https:', 'http:')),
  },
  /** The Standard Webhooks secret (`whsec_…`) that signs them. */
  webhookSecret: {
    variable: 'WEBHOOK_SECRET',
    meaning: 'The Standard Webhooks secret (`whsec_…`) that signs them',
    secret: true,
    kind: secret(faultOfWebhookSecret),
  },
  /** Hosts of those that may have a private address, and be http. */
  webhookAllowedHosts: {
    variable: 'WEBHOOK_ALLOWED_HOSTS',
    meaning: 'Hosts of those that may have a private address, and be http; separated by commas',
    kind: list(hostName, (name) => name.toLowerCase()),
  },
} as const satisfies Table;

type Values = ValuesOf<typeof HOST>;
type SayHere = Say<keyof typeof HOST | 'database'>;

export function hostSettings(
  values: Values,
  database: DatabaseSettings | undefined,
  say: SayHere,
): HostSettings {
  const { onCallEvent } = values;
  const webhooks = webhookSettings(values, database, say);
  return { ...(onCallEvent && { onCallEvent }), ...(webhooks && { webhooks }) };
}

function webhookSettings(
  values: Values,
  database: DatabaseSettings | undefined,
  say: SayHere,
): HostSettings['webhooks'] {
  const {
    webhookUrls: urls,
    webhookSecret: secret,
    webhookAllowedHosts: allowedHosts = [],
  } = values;
  const name = say.nameOf('webhookUrls');
  if (urls === undefined) {
    if (secret !== undefined) say.needs('webhookSecret', 'webhookUrls');
    else if (allowedHosts.length > 0) say.needs('webhookAllowedHosts', 'webhookUrls');
    return undefined;
  }
  if (database === undefined) say.needs('webhookUrls', 'database');
  if (urls.length > URLS_MAX) say.fault(`${name} holds more than ${URLS_MAX}`);
  if (new Set(urls.map((url) => new URL(url).href)).size < urls.length) {
    say.fault(`${name} holds one of them twice`);
  }
  const isOpen = ({ protocol, hostname }: URL) =>
    protocol === 'http:' && !allowedHosts.includes(hostname);
  if (urls.some((url) => isOpen(new URL(url)))) {
    say.fault(
      `${name} must be https, or http to hosts that ${say.nameOf('webhookAllowedHosts')} names`,
    );
  }
  const closed = urls.map((url) => new URL(url)).find((url) => isRefused(url, allowedHosts));
  if (closed !== undefined) {
    say.fault(
      `${name} leads to ${closed.hostname}, no public address: ${say.nameOf('webhookAllowedHosts')} must name it`,
    );
  }
  if (secret === undefined) say.needs('webhookUrls', 'webhookSecret');
  return secret === undefined ? undefined : { urls, secret, allowedHosts };
}

/** What other names lead to is looked at when an event goes out. */
function isRefused(url: URL, allowedHosts: readonly string[]): boolean {
  if (url.protocol !== 'https:' || isHostAmong(url, allowedHosts)) return false;
  const host = withoutBrackets(url.hostname);
  return isIP(host) === 0 ? /(?:^|\.)localhost\.?$/.test(host) : !isPublicAddress(host);
}
