// A check, what it may find, and how a list of them is run. A check never throws to its caller.
import { type Clock, withDeadline } from '../base/clock.ts';
import type { Explained } from '../base/network-faults.ts';

/** Longer than anything healthy takes, shorter than an operator's patience. */
export const CHECK_TIMEOUT_MS = 5_000;

/** `detail` is a sentence without a full stop, and never holds a secret. */
export type Finding = { readonly result: 'ok' | 'skipped'; readonly detail: string } | Explained;

export const ok = (detail: string): Finding => ({ result: 'ok', detail });
export const skipped = (detail: string): Finding => ({ result: 'skipped', detail });

export interface Check {
  readonly name: string;
  /** Default {@link CHECK_TIMEOUT_MS}. */
  readonly timeoutMs?: number;
  /** The signal aborts when the time is over, which is then explained, heeded or not. */
  run(signal: AbortSignal): Finding | Promise<Finding>;
  /** What it means that `run` threw this, a DeadlineError included. Never quotes its message. */
  explain(error: unknown): Finding;
}

/** A check of what no setting uses. */
export function idle(name: string, why: string): Check {
  const finding = skipped(why);
  return { name, run: () => finding, explain: () => finding };
}

/** What became of a check: a row of `--json`. */
export type Report = { readonly name: string } & Finding & { readonly ms: number };

/** Runs all at once and reports in their order, each as soon as those before it are done. */
export async function runChecks(
  checks: readonly Check[],
  clock: Clock,
  onReport: (report: Report) => void,
): Promise<void> {
  const reports = checks.map((check) => examine(check, clock));
  for (const report of reports) onReport(await report);
}

async function examine(check: Check, clock: Clock): Promise<Report> {
  const startedAt = clock.monotonic();
  let finding: Finding;
  try {
    finding = await withDeadline(clock, check.timeoutMs ?? CHECK_TIMEOUT_MS, (signal) =>
      check.run(signal),
    );
  } catch (error) {
    finding = check.explain(error);
  }
  return { name: check.name, ...finding, ms: Math.round(clock.monotonic() - startedAt) };
}
