import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PARTY_STATES, SEATED } from '../../src/calls/call.ts';
import { PARTY_TABLE } from '../../src/calls/transitions.ts';
import { callDiagram, OUT, partyDiagram } from './diagram.ts';

const architecture = readFileSync(join(import.meta.dirname, '../../ARCHITECTURE.md'), 'utf8');

it.each([
  ['a call', callDiagram()],
  ['a person', partyDiagram()],
])('the diagram of %s in ARCHITECTURE.md is the table', (_, diagram) => {
  expect(architecture).toContain(diagram);
});

it('draws as one only those who share a row', () => {
  const out = PARTY_STATES.filter((state) => state !== 'ringing' && !SEATED.includes(state));
  expect(out).toEqual(OUT);
  expect(new Set(out.map((state) => PARTY_TABLE[state])).size).toBe(1);
});
