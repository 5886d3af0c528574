/**
 * At most `max` at a time, and what is one too many rejects at once: for calls that nobody can
 * cancel, which in an outage linger for minutes. `what`: "questions to Firestore".
 */
export function createBound(max: number, what: string): <T>(call: () => Promise<T>) => Promise<T> {
  let underWay = 0;
  return async (call) => {
    if (underWay >= max) throw new Error(`${max} ${what} are under way already`);
    underWay += 1;
    try {
      return await call();
    } finally {
      underWay -= 1;
    }
  };
}

/** Made when it is first asked for; what failed is tried again by whoever asks next. */
export function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
