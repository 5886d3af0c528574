// The table as diagrams in Mermaid's language, for ARCHITECTURE.md.
import { CALL_TABLE, EVICT, PARTY_TABLE } from '../../src/calls/transitions.ts';

type Table = Readonly<Record<string, Readonly<Record<string, string | undefined>>>>;

const inWords = (event: string): string => event.replaceAll('_', ' ');

/** An arrow for each pair of states, with all the events that lead from the one to the other. */
function arrowsOf(table: Table, nodeOf = (state: string): string => state): string[] {
  const arrows = new Map<string, string[]>();
  for (const [from, row] of Object.entries(table)) {
    for (const [event, to] of Object.entries(row)) {
      if (to === undefined || to === EVICT) continue;
      const arrow = `${from} --> ${nodeOf(to)}`;
      const label = nodeOf(to) === to ? inWords(event) : `${inWords(event)} (${to})`;
      arrows.set(arrow, [...(arrows.get(arrow) ?? []), label]);
    }
  }
  return [...arrows].map(([arrow, events]) => `    ${arrow}: ${events.join(', ')}`);
}

/** Who is in one of these is out, and comes back in the same ways: drawn as one. */
export const OUT: readonly string[] = ['left', 'declined', 'missed', 'busy', 'cancelled'];

function partyTable(): Table {
  const { left, declined: _d, missed: _m, busy: _b, cancelled: _c, ...live } = PARTY_TABLE;
  return { ...live, out: left };
}

export const partyDiagram = (): string =>
  [
    '```mermaid',
    'stateDiagram-v2',
    `    state "${OUT.join(', ')}" as out`,
    '    [*] --> joining: place, as the caller',
    '    [*] --> ringing: place, invite',
    '    [*] --> out: place, invite, while seated in another call (busy)',
    ...arrowsOf(partyTable(), (state) => (OUT.includes(state) ? 'out' : state)),
    '```',
  ].join('\n');

export const callDiagram = (): string =>
  [
    '```mermaid',
    'stateDiagram-v2',
    '    [*] --> ringing: place',
    ...arrowsOf(CALL_TABLE),
    '    ended --> [*]',
    '```',
  ].join('\n');
