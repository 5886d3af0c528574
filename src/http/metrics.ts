// What an operator watches. No uid, room or address is ever a label: they have no bound.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ErrorCode } from '../errors.ts';

export interface Metrics {
  readonly registry: Registry;
  tokenMinted(): void;
  refused(code: ErrorCode): void;
  answered(route: string, status: number, seconds: number): void;
}

export function createMetrics(keysAgeSeconds: () => number | undefined): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const minted = new Counter({
    name: 'switchboard_tokens_minted_total',
    help: 'LiveKit tokens handed out.',
    registers,
  });
  const refusals = new Counter({
    name: 'switchboard_refusals_total',
    help: 'Requests answered with an error, by its code.',
    labelNames: ['code'],
    registers,
  });
  const duration = new Histogram({
    name: 'switchboard_request_duration_seconds',
    help: 'From the first look at a request to the end of its answer, by route and status.',
    labelNames: ['route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  new Gauge({
    name: 'switchboard_identity_keys_age_seconds',
    help: "Seconds since Google's public keys were last fetched; NaN before the first time.",
    registers,
    collect() {
      this.set(keysAgeSeconds() ?? Number.NaN);
    },
  });
  // The label sets are few: each is looked up once.
  const observers = new Map<string, (seconds: number) => void>();
  const observer = (route: string, status: number) => {
    const key = `${status} ${route}`;
    let observe = observers.get(key);
    if (observe === undefined) {
      const child = duration.labels(route, String(status));
      observe = (seconds) => child.observe(seconds);
      observers.set(key, observe);
    }
    return observe;
  };
  return {
    registry,
    tokenMinted: () => minted.inc(),
    refused: (code) => refusals.inc({ code }),
    answered: (route, status, seconds) => observer(route, status)(seconds),
  };
}
