// Whom the host wants to be told: a function of his, and his backend at some URLs.
import { createHash } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import type { HostCallEvent, OnCallEvent } from './message.ts';
import { createPostEvent, type LookUp } from './webhook.ts';

export interface HostTarget {
  readonly kind: 'app' | 'webhook';
  /** For the log: of a URL its host alone, since the rest of it may be a secret. */
  readonly name: string;
  /** Rejects where it was not taken, with a {@link DeliveryError} where more than that is known. */
  readonly deliver: (event: HostCallEvent, signal: AbortSignal) => Promise<void>;
}

export interface HostTargetSettings {
  readonly onCallEvent?: OnCallEvent | undefined;
  readonly webhooks?:
    | {
        readonly urls: readonly string[];
        /** Free of `faultOfWebhookSecret`. */
        readonly secret: string;
        /** Names of hosts, in small letters, that may have a private address. */
        readonly allowedHosts: readonly string[];
      }
    | undefined;
}

const APP = 'app';
const ID_CHARACTERS = 12;

/** The names under which events are kept for them: `CallRules.hostTargets`. */
export function hostTargetIds({
  onCallEvent,
  webhooks,
}: {
  readonly onCallEvent?: unknown;
  readonly webhooks?: Pick<NonNullable<HostTargetSettings['webhooks']>, 'urls'> | undefined;
}): readonly string[] {
  const app = onCallEvent === undefined ? [] : [APP];
  return [...app, ...(webhooks?.urls ?? []).map(idOfUrl)];
}

export function createHostTargets(
  { onCallEvent, webhooks }: HostTargetSettings,
  by: { readonly clock: Clock; readonly lookUp?: LookUp },
): ReadonlyMap<string, HostTarget> {
  const targets = new Map<string, HostTarget>();
  if (onCallEvent !== undefined) targets.set(APP, appTarget(onCallEvent));
  for (const url of webhooks?.urls ?? []) {
    const { secret, allowedHosts } = webhooks as NonNullable<typeof webhooks>;
    const deliver = createPostEvent({ url, secret, allowedHosts, ...by });
    targets.set(idOfUrl(url), { kind: 'webhook', name: new URL(url).host, deliver });
  }
  return targets;
}

const appTarget = (onCallEvent: OnCallEvent): HostTarget => ({
  kind: 'app',
  name: 'onCallEvent',
  async deliver(event, signal) {
    // A copy: what he changes in it is not what he is told next time.
    await onCallEvent(structuredClone(event), signal);
  },
});

/** Nothing of the URL can be read in it, and every instance has the same. */
const idOfUrl = (url: string): string =>
  createHash('sha256').update(url).digest('base64url').slice(0, ID_CHARACTERS);
