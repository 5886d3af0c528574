// What comes while one statement is under way waits for the next, and goes with it.

/** Answers as `run` does, which is never under way twice. */
export function gathered<Item>(
  run: (items: readonly Item[]) => Promise<void>,
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
      last = done.catch(() => {});
      next = { items, done };
    }
    next.items.push(item);
    return next.done;
  };
}
