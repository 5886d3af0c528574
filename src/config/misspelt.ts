// A slip in a name falls back to a default without a word, and the default of ROOM_ACCESS is open.
import type { Environment } from './sources.ts';
import { VARIABLES } from './variables.ts';

/** One letter too few, too many, wrong or in the other's place. */
const SLIPS = 1;

/** A warning for each variable that is nearly one of ours. */
export function misspelt(env: Environment): string[] {
  const known = Object.keys(VARIABLES);
  return Object.keys(env).flatMap((name) => {
    // Short names have too many neighbours (PORT, HOST).
    if (name.length < 8 || known.includes(name)) return [];
    const meant = known.find((candidate) => distance(name, candidate) <= SLIPS);
    return meant === undefined
      ? []
      : [`${name} is no variable of this server: ${meant} was meant?`];
  });
}

/** Edit distance with neighbouring letters swapped as one edit (optimal string alignment). */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > SLIPS) return SLIPS + 1;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      const at = (of: number[], k: number) => of[k] ?? Number.POSITIVE_INFINITY;
      let best = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, at(before, j - 2) + 1);
      }
      row.push(best);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? SLIPS + 1;
}
