// A slip in a name falls back to a default without a word, and the default of ROOM_ACCESS is open.
import type { Environment } from './sources.ts';
import { VARIABLES } from './table.ts';

/** A warning for each variable that is nearly one of ours. */
export function misspelt(env: Environment): string[] {
  const known = VARIABLES.map(({ variable }) => variable);
  return Object.keys(env).flatMap((name) => {
    // Short names have too many neighbours (PORT, HOST).
    if (name.length < 8 || known.includes(name)) return [];
    const meant = known.find((candidate) => isSlipOf(name, candidate));
    return meant === undefined
      ? []
      : [`${name} is no variable of this server: ${meant} was meant?`];
  });
}

/** One letter too few, too many, wrong or in its neighbour's place. */
function isSlipOf(a: string, b: string): boolean {
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  let end = 0;
  const most = Math.min(a.length, b.length) - start;
  while (end < most && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const [restA, restB] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  const isSwap = restA.length === 2 && restA === [...restB].reverse().join('');
  return isSwap || (restA.length <= 1 && restB.length <= 1);
}
