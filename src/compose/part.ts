// A part of the house as the composition sees it.
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Metrics } from '../http/metrics.ts';
import type { Route } from '../http/routes.ts';
import type { Lifetime } from './lifetimes.ts';

/** What every part stands on. */
export interface Ground {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** What a part brings along; what it has none of is left out. */
export interface Part extends Lifetime {
  readonly routes?: readonly Route[];
  /** What requests will need and is not there, by name and never by value. */
  missing?(): string[];
}
