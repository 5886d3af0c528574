// What happens to calls beside requests: deadlines, LiveKit's webhooks, and what is left to do there.
import type { Calls } from '../calls/apply-event.ts';
import type { CallMetrics } from '../events/call-metrics.ts';
import { createDueLoop } from '../events/due-loop.ts';
import { createEffectsLoop } from '../events/effects-loop.ts';
import { createForgetLoop } from '../events/forget-loop.ts';
import { createLateRooms } from '../events/late-rooms.ts';
import type { LiveKitApi } from '../events/livekit-api.ts';
import { createSweep } from '../events/sweep.ts';
import { createWebhookHandler, createWebhookVerifier } from '../events/webhook.ts';
import { createWebhookWatch } from '../events/webhook-watch.ts';
import type { Route } from '../http/routes.ts';
import type { RateLimit } from '../limits/rate-limit.ts';
import { DEVICE_DAYS } from '../ringing/device.ts';
import { webhookPathUnder, webhookRoute } from '../routes/webhook.ts';
import type { CallSettings, Settings } from '../settings/settings.ts';
import type { Store } from '../storage/store.ts';
import { createLifetimes, type Lifetime, sideBySide } from './lifetimes.ts';
import type { Ground } from './part.ts';

export interface CallEvents {
  readonly routes: readonly Route[];
  /** Once the store is open. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export function createCallEvents(
  settings: Settings & { readonly calls: CallSettings },
  { clock, log }: Ground,
  by: {
    readonly store: Store;
    readonly api: LiveKitApi;
    readonly apply: Calls['apply'];
    /** Counts refused webhooks of an address. */
    readonly failures: RateLimit;
    readonly metrics: CallMetrics;
    /** What else is done about effects, each lane by itself. */
    readonly lanes: readonly Lifetime[];
  },
): CallEvents {
  const { store, api, apply, failures, metrics, lanes } = by;
  const { calls, livekit, front } = settings;
  const { keys, previousKeys } = calls.livekit;
  const path = webhookPathUnder(front.basePath);
  const watch = createWebhookWatch({ path, log });
  const sweep = createSweep({ store, apply, askRoom: api.askRoom, watch, log });

  const lifetimes = createLifetimes();
  const { tokenTtlSeconds } = livekit;
  const late = lifetimes.add(createLateRooms({ store, api, clock, log, tokenTtlSeconds }));
  lifetimes.add(
    createForgetLoop({
      ...{ store, clock, log, historyDays: calls.historyDays },
      devices: { silentDays: DEVICE_DAYS, forget: store.forgetDevices },
    }),
  );
  const { tried: onTried, settled: onSettled, deadlineFailed: onFailed } = metrics;
  const rooms = createEffectsLoop({ store, api, clock, log, onRoomDeleted: late.arm, onTried });
  lifetimes.add(sideBySide([rooms, ...lanes]));
  const due = lifetimes.add(
    createDueLoop({ store, apply, sweep, clock, log, onSettled, onFailed }),
  );
  metrics.watchDeadlines(due.behindMs);
  return {
    routes: [
      webhookRoute({
        path,
        verifier: createWebhookVerifier({
          keys: previousKeys === undefined ? [keys] : [keys, previousKeys],
          clock,
        }),
        handle: createWebhookHandler({ store, apply, sweep, watch }),
        failures,
        onReceived: metrics.received,
      }),
    ],
    start: lifetimes.start,
    stop: lifetimes.stop,
  };
}
