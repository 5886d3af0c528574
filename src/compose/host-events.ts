// Whom the host wants to be told of calls, and the loop that tells them.
import { createHostEventsLoop } from '../events/host/host-events.ts';
import { createHostEventMetrics } from '../events/host/metrics.ts';
import { createHostTargets, hostTargetIds } from '../events/host/targets.ts';
import type { HostSettings } from '../settings/settings.ts';
import type { Store } from '../storage/store.ts';
import type { Lifetime } from './lifetimes.ts';
import type { Ground } from './part.ts';

export interface HostEvents extends Lifetime {
  /** None: nobody is told. */
  readonly targetIds: readonly string[];
}

export function createHostEvents(
  settings: HostSettings,
  { clock, log, metrics: { registry } }: Ground,
  store: Store,
): HostEvents {
  const targetIds = hostTargetIds(settings);
  if (targetIds.length === 0) return { targetIds };
  const targets = createHostTargets(settings, { clock });
  const kinds = [...targets.values()].map(({ kind }) => kind);
  const metrics = createHostEventMetrics(registry, kinds);
  const onTried = metrics.tried;
  const loop = createHostEventsLoop({ store, targets, clock, log, onTried });
  metrics.watchWaiting(loop.waitingLong);
  return { targetIds, start: loop.start, stop: loop.stop };
}
