// Server-sent events, however the network cuts them.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createEventReader, type StreamEvent } from '../../src/client/event-stream.ts';

const readAll = (pieces: readonly string[]): StreamEvent[] => {
  const read = createEventReader();
  return pieces.flatMap((piece) => read(piece));
};

const TEXT = [
  ': a comment\n\n',
  'retry: 1000\n\n',
  'event: call\nid: e.1\ndata: {"a":1}\n\n',
  'data: without a name\r\n\r\n',
  'event: call\rdata:no space\rdata: second line\r\r',
  'event: nothing follows\n\n',
  'data\n\n',
  'event: snapshot\ndata: Zürich 🎧\n\n',
  'event: cut\ndata: off',
].join('');

const EVENTS = [
  { event: 'call', data: '{"a":1}' },
  { event: 'message', data: 'without a name' },
  { event: 'call', data: 'no space\nsecond line' },
  { event: 'message', data: '' },
  { event: 'snapshot', data: 'Zürich 🎧' },
];

it('are read as the standard has it', () => {
  expect(readAll([TEXT])).toEqual(EVENTS);
});

it('are the same in whatever pieces they come', () => {
  const cuts = fc.array(fc.integer({ min: 0, max: TEXT.length }), { maxLength: 12 });
  fc.assert(
    fc.property(cuts, (at) => {
      const edges = [0, ...at.toSorted((a, b) => a - b), TEXT.length];
      const pieces = edges.slice(1).map((edge, index) => TEXT.slice(edges[index], edge));
      expect(readAll(pieces)).toEqual(EVENTS);
    }),
  );
});

it.each(['x', 'data: x\n'])('without an end are not kept for ever: %j', (piece) => {
  const read = createEventReader();
  const much = piece.repeat(100_000);
  expect(() => {
    for (let times = 0; times < 100; times++) read(much);
  }).toThrow('without an end');
});
