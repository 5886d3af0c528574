// Whether the host's backend can be reached where events of calls are posted to.
import type { lookup } from 'node:dns';
import { ask } from '../base/ask.ts';
import { explain, failed, hostOf } from '../base/network-faults.ts';
import {
  isHostAmong,
  PrivateAddressError,
  publicLookup,
  refusePrivateAddress,
} from '../base/private-address.ts';
import type { HostSettings } from '../settings/settings.ts';
import { type Check, type Finding, ok } from './check.ts';

/** An event waits longer, a line of a report need not. */
const TIMEOUT_MS = 3_000;

export interface WebhookUrlParts {
  /** In place of the system's. */
  readonly lookUp?: typeof lookup;
}

export function webhookUrlChecks(
  { webhooks }: HostSettings,
  { lookUp }: WebhookUrlParts,
): readonly Check[] {
  if (webhooks === undefined) return [];
  const { urls, allowedHosts } = webhooks;
  return urls.map((url) => urlCheck(new URL(url), { allowedHosts, lookUp }));
}

/** By HEAD: an event of our own would be about a call that there is not. */
function urlCheck(
  url: URL,
  {
    allowedHosts,
    lookUp,
  }: { readonly allowedHosts: readonly string[]; readonly lookUp: WebhookUrlParts['lookUp'] },
): Check {
  const host = hostOf(url.href);
  const isAllowed = isHostAmong(url, allowedHosts);
  return {
    name: 'Webhook URL',
    timeoutMs: TIMEOUT_MS,
    async run(signal) {
      if (!isAllowed) refusePrivateAddress(url);
      const response = await ask(url.href, {
        method: 'HEAD',
        headers: { 'user-agent': 'livekit-switchboard' },
        signal,
        lookup: isAllowed ? undefined : publicLookup(url.hostname, lookUp),
      });
      response.destroy();
      return findingOf(response.statusCode ?? 0, host);
    },
    explain: (error) =>
      error instanceof PrivateAddressError
        ? failed(
            `${host} leads to no public address`,
            'name its host in WEBHOOK_ALLOWED_HOSTS where that is meant, or correct WEBHOOK_URLS',
          )
        : explain(error, { host, variable: 'WEBHOOK_URLS', withoutTls: 'http://' }),
  };
}

function findingOf(status: number, host: string): Finding {
  const answers = `${host} answers ${status} to HEAD`;
  if (status >= 500 && status !== 501) {
    return failed(answers, `look at the log of your backend, or of the proxy before it`);
  }
  if (status >= 300 && status < 400) {
    return ok(
      `warning: ${answers}, and events follow no redirect: let WEBHOOK_URLS say where it leads`,
    );
  }
  // So Express and Fastify answer at a path that takes POST alone, and Python's server does with 501.
  if (status === 404) {
    return ok(`warning: ${answers}: right where the path takes POST alone, else correct the path`);
  }
  return ok(`${answers}: it can be reached; whether it takes events shows with the first`);
}
