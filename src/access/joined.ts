// The same question asked by many at the same time is asked once, and never answered with what was
// so before somebody asked.
import type { Clock } from '../base/clock.ts';

/** A question that takes longer is of no use to anybody, and nobody waits for it. */
const JOINED_MS = 2_000;

export interface Answer<T> {
  readonly value: T;
  /** By the monotonic clock: the answer may be as old as that. */
  readonly askedAt: number;
}

/**
 * Asks, or waits for somebody else's answer: one to a question that was asked later than this call
 * is as good as an own one; one to an older question is only where `isGoodThoughOlder` says so.
 */
export type Joined<T> = (
  key: string,
  ask: () => Promise<T>,
  isGoodThoughOlder: (value: T) => boolean,
) => Promise<Answer<T>>;

export function createJoined<T>(clock: Clock): Joined<T> {
  const latest = new Map<string, { askedAt: number; answer: Promise<Answer<T>> }>();

  function begin(key: string, ask: () => Promise<T>): Promise<Answer<T>> {
    const askedAt = clock.monotonic();
    const wait = async (): Promise<Answer<T>> => {
      try {
        return { value: await ask(), askedAt };
      } finally {
        // Before anybody who waits goes on.
        if (latest.get(key) === question) latest.delete(key);
      }
    };
    const question = { askedAt, answer: wait() };
    latest.set(key, question);
    return question.answer;
  }

  return async (key, ask, isGoodThoughOlder) => {
    const older = latest.get(key);
    if (older === undefined || clock.monotonic() - older.askedAt >= JOINED_MS) {
      return begin(key, ask);
    }
    const answer = await older.answer;
    if (isGoodThoughOlder(answer.value)) return answer;
    // Whatever is under way by now began after the older one had ended. The first one back asks.
    const newer = latest.get(key);
    return newer !== undefined && newer !== older ? newer.answer : begin(key, ask);
  };
}
