// What an operator watches of what the host is told. No URL is a label: it may hold a secret.
import { Counter, Gauge, type Registry } from 'prom-client';
import { fromZero } from '../../base/from-zero.ts';

export interface HostEventTried {
  /** `unknown`: none that is set here. */
  readonly target: 'app' | 'webhook' | 'unknown';
  readonly result: 'done' | 'failed' | 'given_up';
}

export interface HostEventMetrics {
  tried(tried: HostEventTried): void;
  watchWaiting(count: () => number): void;
}

/** `kinds`: of the targets that are set. */
export function createHostEventMetrics(
  registry: Registry,
  kinds: readonly HostEventTried['target'][],
): HostEventMetrics {
  const registers = [registry];
  const tries = new Counter({
    name: 'switchboard_host_events_total',
    help: 'Events of calls that the host was to be told of, each try by what came of it.',
    labelNames: ['target', 'result'],
    registers,
  });
  fromZero(tries, { target: [...kinds, 'unknown'], result: ['done', 'failed', 'given_up'] });
  return {
    tried: ({ target, result }) => tries.inc({ target, result }),
    watchWaiting(count) {
      new Gauge({
        name: 'switchboard_host_events_waiting',
        help: 'Events that this instance has tried in vain and that wait longer than a minute; each holds back those behind it in its call.',
        registers,
        collect() {
          this.set(count());
        },
      });
    },
  };
}
