/** A map that forgets. */
export interface BoundedMap<V extends {}> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
  delete(key: string): void;
  /** Begins a new generation: what nobody asks for until the next call is forgotten by then. */
  turn(): void;
}

/**
 * Holds at most `max` entries, and at least the `max / 2` that were asked for last. In two
 * generations: nothing has to be kept in order, and what is forgotten goes in one piece.
 */
export function createBoundedMap<V extends {}>(max: number): BoundedMap<V> {
  let young = new Map<string, V>();
  let old = new Map<string, V>();
  const turn = () => {
    old = young;
    young = new Map();
  };
  const set = (key: string, value: V) => {
    if (young.size >= max / 2 && !young.has(key)) turn();
    young.set(key, value);
  };
  return {
    get(key) {
      const value = young.get(key);
      if (value !== undefined || old.size === 0) return value;
      const elder = old.get(key);
      if (elder !== undefined) set(key, elder);
      return elder;
    },
    set,
    delete(key) {
      young.delete(key);
      old.delete(key);
    },
    turn,
  };
}
