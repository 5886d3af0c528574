// Counters of which every series is there from the start: Prometheus' rate() and increase() compare
// with the value before, and of a series that begins with its first event they never see that event.
import type { Counter } from 'prom-client';

/** `values`: what each label may be. */
export function fromZero<Label extends string>(
  counter: Pick<Counter<Label>, 'inc'>,
  values: Readonly<Record<Label, readonly string[]>>,
): void {
  const names = Object.keys(values) as Label[];
  const all = names.reduce<Partial<Record<Label, string>>[]>(
    (begun, name) =>
      begun.flatMap((set) => values[name].map((value) => ({ ...set, [name]: value }))),
    [{}],
  );
  for (const labels of all) counter.inc(labels, 0);
}
