// Whether APNs would take a ring: one to a device that there is not.
import { type Clock, withDeadline } from '../base/clock.ts';
import { type Explained, explain, failed } from '../base/network-faults.ts';
import { APNS_HOSTS, type ApnsApi, type ApnsHosts, createApnsApi } from '../ringing/apns/api.ts';
import { PUSH_TRY_MS } from '../ringing/push.ts';
import type { ApnsSettings } from '../settings/settings.ts';
import { type Check, type Finding, idle, ok } from './check.ts';

const NAME = 'APNs';
const NOBODY = '0'.repeat(64);
const OTHER_ENVIRONMENT = ['BadEnvironmentKeyIdInToken', 'BadEnvironmentKeyInToken'];
const KEYS_PAGE = 'developer.apple.com, Certificates, Identifiers & Profiles, Keys';

export interface ApnsParts {
  readonly clock: Clock;
  readonly apnsHosts?: ApnsHosts;
}

export function apnsCheck(apns: ApnsSettings | undefined, parts: ApnsParts): Check {
  if (apns === undefined) {
    return idle(NAME, 'APNS_KEY is not set: iPhones ring only where the app is open');
  }
  const { clock, apnsHosts: hosts = APNS_HOSTS } = parts;
  return {
    name: NAME,
    async run() {
      const api = createApnsApi({ ...apns, clock, hosts });
      const at = (host: keyof ApnsHosts) =>
        askedAt(api, { host, bundleId: apns.bundleId, place: new URL(hosts[host]).host, clock });
      try {
        return findingOf(await Promise.all([at('production'), at('sandbox')]));
      } finally {
        api.close();
      }
    },
    explain: (error) =>
      explain(error, { host: new URL(hosts.production).host, variable: undefined }),
  };
}

interface Asked {
  readonly place: string;
  /** Undefined: there is no fault. */
  readonly fault: Explained | undefined;
  readonly isOfOther: boolean;
}

async function askedAt(
  api: ApnsApi,
  at: { host: keyof ApnsHosts; bundleId: string; place: string; clock: Clock },
): Promise<Asked> {
  const { host, bundleId, place, clock } = at;
  const headers = {
    'apns-push-type': 'voip',
    'apns-topic': `${bundleId}.voip`,
    'apns-priority': '10',
    'apns-expiration': '0',
  };
  try {
    const { reason } = await withDeadline(clock, PUSH_TRY_MS, (signal) =>
      api.post({ host, token: NOBODY, headers, payload: { aps: {} } }, signal),
    );
    const isOfOther = OTHER_ENVIRONMENT.includes(reason);
    return { place, fault: faultOf(reason, place), isOfOther };
  } catch (error) {
    const fault = explain(error, { host: place, variable: undefined });
    return { place, fault, isOfOther: false };
  }
}

function findingOf([production, sandbox]: readonly [Asked, Asked]): Finding {
  const { fault } = production;
  if (fault === undefined) {
    const rest = sandbox.isOfOther
      ? 'the key is for production alone: apps that Xcode has installed do not ring'
      : 'which does not tell whether APNS_BUNDLE_ID is the app that registers';
    const warning = sandbox.isOfOther ? 'warning: ' : '';
    return ok(`${warning}${production.place} takes the key, sent to nobody; ${rest}`);
  }
  return production.isOfOther && sandbox.fault === undefined
    ? failed(
        'the key is for the sandbox alone: only apps that Xcode has installed ring',
        `make a key for both (${KEYS_PAGE}), and put it into APNS_KEY and its id into APNS_KEY_ID`,
      )
    : fault;
}

/** That there is no such device is the good answer: who asks was looked at first. */
function faultOf(reason: string, place: string): Explained | undefined {
  switch (reason) {
    case 'OK':
    case 'BadDeviceToken':
    case 'Unregistered':
    case 'ExpiredToken':
      return undefined;
    case 'InvalidProviderToken':
    case 'MissingProviderToken':
    case 'Forbidden':
    case 'UnrelatedKeyIdInToken':
      return failed(
        `${place} does not take the key (${reason})`,
        `see that APNS_KEY is the .p8 file of the key in APNS_KEY_ID, that APNS_TEAM_ID is its team, and that the key has Apple Push Notifications service (${KEYS_PAGE})`,
      );
    case 'ExpiredProviderToken':
      return failed("APNs refuses this machine's time", "set this machine's clock by NTP");
    case 'DeviceTokenNotForTopic':
    case 'TopicDisallowed':
    case 'BadTopic':
    case 'MissingTopic':
      return failed(
        `${place} does not take APNS_BUNDLE_ID (${reason})`,
        'give it the bundle id of the app, of the same team as the key, without .voip behind it',
      );
    case 'BadEnvironmentKeyIdInToken':
    case 'BadEnvironmentKeyInToken':
      return failed(
        `the key is not for ${place}`,
        `make a key for production and sandbox (${KEYS_PAGE}), and put it into APNS_KEY and its id into APNS_KEY_ID`,
      );
    case 'nonsense':
      return failed(
        `what answers at ${place} is not APNs`,
        `let this machine out to ${place}, port 443, without a proxy that answers in its place`,
      );
    default:
      return failed(
        `${place} takes no push for now (${reason})`,
        "try again; Apple's own state is at developer.apple.com/system-status",
      );
  }
}
