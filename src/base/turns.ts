// Work that comes in bursts, a few pieces in each turn of the event loop: what else has come
// meanwhile is done between them.

/** Answers a function that resolves when it is the caller's turn, in the order of the calls. */
export function createTurns(perTurn: number): () => Promise<void> {
  const waiting: (() => void)[] = [];
  const turn = () => {
    for (const go of waiting.splice(0, perTurn)) go();
    if (waiting.length > 0) setImmediate(turn);
  };
  return () =>
    new Promise((resolve) => {
      if (waiting.push(resolve) === 1) setImmediate(turn);
    });
}
