// The bars of this benchmark: what is measured has to hold against each.

export interface Verdict {
  readonly bar: string;
  readonly measured: string;
  readonly met: boolean;
}

export const BARS = {
  seenOfFloor: 0.55,
  seenOfExample: 3,
  newOfFloor: 0.6,
  newOfExample: 1.8,
  /** A tail that is no longer than the throughput bar allows: docs/decisions/0013. */
  seenP99OfExample: 1 / 3,
  newP99OfExample: 1 / 1.8,
  residentMb: 150,
  /** What the last half million requests may add, as a part of the whole. */
  residentGrowth: 0.05,
  startMs: 500,
  ringP99Ms: 50,
  /** Until a provider has it. */
  pushP99Ms: 150,
  /** Of the token route, while 500 devices a second are rung. */
  drainP99: 1.1,
  placesOfBare: 0.5,
  /** What a thousand times the rows may cost: nothing, but for what a busy machine adds. */
  growth: 1.5,
  streamsMb: 400,
  streamsRingP99Ms: 100,
  /** More than tokens only. */
  sqliteMb: 30,
} as const;

export const atLeast = (bar: string, limit: number, values: readonly number[]): Verdict => ({
  bar: `${bar} ≥ ${limit}`,
  measured: spread(values),
  met: median(values) >= limit,
});

export const atMost = (bar: string, limit: number, values: readonly number[]): Verdict => ({
  bar: `${bar} ≤ ${Number(limit.toFixed(3))}`,
  measured: spread(values),
  met: median(values) <= limit,
});

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

function spread(values: readonly number[]): string {
  if (values.length === 1) return figure(median(values));
  return `${figure(median(values))} (${figure(Math.min(...values))}–${figure(Math.max(...values))})`;
}

const figure = (value: number): string => (value >= 20 ? value.toFixed(0) : value.toFixed(3));
