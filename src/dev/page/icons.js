// Small drawings, of one stroke each.

const HANDSET =
  'M2.6 14.6c0-3.6 4.2-6.3 9.4-6.3s9.4 2.7 9.4 6.3c0 1.3-.7 2-1.9 1.8l-2.9-.5c-.9-.1-1.4-.7-1.4-1.6v-1.5a11 11 0 0 0-6.4 0v1.5c0 .9-.5 1.5-1.4 1.6l-2.9.5c-1.2.2-1.9-.5-1.9-1.8z';

const DRAWN = {
  call: { solid: HANDSET, turn: 'rotate(-135 12 12)' },
  hangup: { solid: HANDSET },
  video: {
    line: 'M4.5 6.5h8.8a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2H4.5a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2z M15.3 10.6l5-3.1a.8.8 0 0 1 1.2.7v7.6a.8.8 0 0 1-1.2.7l-5-3.1',
  },
  microphone: {
    line: 'M12 3a3 3 0 0 1 3 3v5.5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3z M5.8 11.2a6.2 6.2 0 0 0 12.4 0 M12 17.4V21 M8.8 21h6.4',
  },
  invite: {
    line: 'M10 11.4a3.7 3.7 0 1 0 0-7.4 3.7 3.7 0 0 0 0 7.4z M3 20c.4-3.6 3.2-5.8 7-5.8s6.6 2.2 7 5.8 M19 7.5v6 M16 10.5h6',
  },
  out: { line: 'M7 17 17 7 M9 7h8v8' },
  in: { line: 'M17 7 7 17 M7 9v8h8' },
  missed: { line: 'M4 7l7.5 7.5L20 6 M14.5 6H20v5.5 M7 19h10' },
  lock: {
    line: 'M6.5 11h11a1.5 1.5 0 0 1 1.5 1.5v6a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 5 18.5v-6A1.5 1.5 0 0 1 6.5 11z M8 11V7.5a4 4 0 0 1 8 0V11',
  },
  unlock: {
    line: 'M6.5 11h11a1.5 1.5 0 0 1 1.5 1.5v6a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 5 18.5v-6A1.5 1.5 0 0 1 6.5 11z M8 11V7.5a4 4 0 0 1 7.6-1.8',
  },
  close: { line: 'M6.5 6.5l11 11 M17.5 6.5l-11 11' },
};
const SVG = 'http://www.w3.org/2000/svg';

function drawn(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** For the eye alone: whoever uses it names it. */
export function icon(name) {
  const { solid, line, turn } = DRAWN[name];
  const path = drawn('path', { d: solid ?? line, ...(turn && { transform: turn }) });
  const slash = drawn('path', { d: 'M4 4l16 16', class: 'slash' });
  const kind = solid ? 'filled' : 'stroked';
  return drawn(
    'svg',
    { viewBox: '0 0 24 24', 'aria-hidden': 'true', class: `icon ${kind}` },
    path,
    slash,
  );
}
