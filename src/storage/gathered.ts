// What comes while one statement is under way waits for the next, and goes with it.

/** Answers as `run` does, which is never under way twice, nor during the `rest` after it. */
export function gathered<Item>(
  run: (items: readonly Item[]) => Promise<void>,
  rest = async (): Promise<void> => {},
): (item: Item) => Promise<void> {
  let last: Promise<unknown> = Promise.resolve();
  let next: { readonly items: Item[]; readonly done: Promise<void> } | undefined;
  return (item) => {
    if (next === undefined) {
      const items: Item[] = [];
      const done = last.then(() => {
        next = undefined;
        return run(items);
      });
      last = done.catch(() => {}).then(rest);
      next = { items, done };
    }
    next.items.push(item);
    return next.done;
  };
}

/** The same, each by its key: what hangs under one is in no other's way. */
export function gatheredBy<Item>(
  keyOf: (item: Item) => string,
  run: (items: readonly Item[]) => Promise<void>,
): (item: Item) => Promise<void> {
  const lines = new Map<string, { readonly add: (item: Item) => Promise<void>; count: number }>();
  return async (item) => {
    const key = keyOf(item);
    const line = lines.get(key) ?? { add: gathered(run), count: 0 };
    lines.set(key, line);
    line.count += 1;
    try {
      await line.add(item);
    } finally {
      line.count -= 1;
      if (line.count === 0) lines.delete(key);
    }
  };
}
