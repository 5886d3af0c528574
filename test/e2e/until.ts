// Waiting for what comes when it comes; in hooks too, where `expect.poll` may not be.
import { setTimeout as delay } from 'node:timers/promises';

const LOOK_EVERY_MS = 50;

/** @throws Error that names `what` where it has not come true in `withinMs`. */
export async function until(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  withinMs = 20_000,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await delay(LOOK_EVERY_MS);
  }
}
