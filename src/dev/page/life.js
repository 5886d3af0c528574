// The life of a call, drawn while it happens: what the server's table holds, and how it got there.
import { $, drawRows, element, write } from './dom.js';
import { face, firstNameOf, nameOf, namesOf } from './people.js';
import { createRecords } from './record.js';
import { endOf, SEATED, STATES, timeOf } from './words.js';

const STEPS = ['ringing', 'active', 'ended'];
const WAY_AT_MOST = 4;

function drawSteps(call) {
  const reached = STEPS.indexOf(call.state);
  const skipsActive = call.state === 'ended' && call.activeAt === undefined;
  drawRows(
    $('life-steps'),
    STEPS.map((state, index) => ({ state, index })),
    {
      key: ({ state }) => state,
      make: ({ state }) => element('li', {}, element('b', {}, state), element('small')),
      draw(step, { state, index }) {
        const isPast = index < reached && !(state === 'active' && skipsActive);
        step.className = index === reached ? 'now' : isPast ? 'past' : '';
        if (index === reached) step.setAttribute('aria-current', 'step');
        else step.removeAttribute('aria-current');
        write(step.querySelector('small'), state === 'ended' ? endOf(call) : '');
      },
    },
  );
}

/** What the server will do by itself. */
function nextOf({ call }, rules) {
  if (rules === undefined || call.state === 'ended') return '';
  const seated = call.parties.filter(({ state }) => SEATED.includes(state));
  const lost = call.parties.filter(({ state }) => state === 'lost');
  const rung = call.parties.filter(({ state }) => state === 'ringing');
  const names = (parties) =>
    namesOf(
      parties.map(({ uid }) => uid),
      firstNameOf,
    );
  if (call.state === 'ringing') {
    const quietAt = Date.parse(call.createdAt) + rules.ringMs;
    const missedAt = quietAt + rules.answerGraceMs;
    return `Next: phones ring until ${timeOf(quietAt)}; nobody answers by ${timeOf(missedAt)}, and it is missed.`;
  }
  if (lost.length > 0) {
    return `Next: LiveKit is asked about ${names(lost)}, after ${rules.reconnectGraceMs / 1000} s at most.`;
  }
  if (rung.length > 0) return `Next: ${names(rung)} answers, or misses it.`;
  if (seated.length === 1) {
    return `Next: ${names(seated)} is alone; after ${rules.aloneMs / 1000} s it ends.`;
  }
  const endsAt = Date.parse(call.activeAt ?? call.createdAt) + rules.maxCallMs;
  return `Next: somebody hangs up. At ${timeOf(endsAt)} it ends by itself.`;
}

function wayOf(states, isOver) {
  const shown = states.slice(-WAY_AT_MOST);
  const more = states.length > shown.length ? [element('li', { class: 'more' }, '…')] : [];
  return [
    ...more,
    ...shown.map((state, index) => {
      const isNow = index === shown.length - 1;
      const kind = isNow && !isOver ? 'now' : isNow ? 'last' : 'past';
      return element('li', { class: `state ${state} ${kind}` }, state);
    }),
  ];
}

function drawParties({ call, ways }) {
  drawRows($('life-parties'), call.parties, {
    key: ({ uid }) => `${call.id} ${uid}`,
    make: ({ uid, role }) =>
      element(
        'li',
        {},
        face(uid),
        element(
          'div',
          {},
          element('p', {}, element('b', {}, nameOf(uid)), ` ${role}`),
          element('ol', { class: 'way', 'aria-label': `States of ${nameOf(uid)}` }),
          element('small'),
        ),
      ),
    draw(row, { uid, state }) {
      const way = row.querySelector('.way');
      const states = ways[uid] ?? [state];
      const drawn = `${states.join(' ')} ${call.state}`;
      if (way.dataset.drawn !== drawn) {
        way.dataset.drawn = drawn;
        way.replaceChildren(...wayOf(states, call.state === 'ended'));
      }
      write(row.querySelector('small'), STATES[state] ?? state);
    },
  });
}

function lineOf({ at, from, text, cause }) {
  const date = new Date(at);
  const time = element(
    'time',
    { datetime: date.toISOString() },
    timeOf(date),
    element('span', {}, `.${String(date.getMilliseconds()).padStart(3, '0')}`),
  );
  const tag = cause === undefined ? undefined : element('code', {}, cause);
  const source = element('span', { class: `from ${from}` }, from);
  return element(
    'li',
    { class: 'line' },
    time,
    source,
    element('span', { class: 'said' }, text, ' ', tag),
  );
}

function drawLines({ call, lines }) {
  const rows = lines.map((line, index) => ({ line, index }));
  drawRows($('life-lines'), rows, {
    key: ({ index, line }) => `${call.id} ${index} ${line.at} ${line.cause ?? ''}`,
    make: ({ line }) => lineOf(line),
  });
}

/** What the states mean, for whoever sees no call yet. */
export function drawGlossary() {
  $('states').append(
    ...Object.entries(STATES).map(([state, meaning]) =>
      element(
        'div',
        {},
        element('dt', { class: `state ${state}` }, state),
        element('dd', {}, meaning),
      ),
    ),
  );
}

export function createLife({ me, rules }) {
  const records = createRecords(me);
  let shown;
  // Else nobody could scroll it by keyboard.
  $('life-scroll').tabIndex = 0;
  function draw() {
    const record = records.get(shown);
    $('life-none').hidden = record !== undefined;
    $('life-call').hidden = record === undefined;
    if (record === undefined) return;
    write($('life-id'), record.call.id.slice(0, 8));
    $('life-id').title = record.call.id;
    drawSteps(record.call);
    write($('life-next'), nextOf(record, rules));
    drawParties(record);
    drawLines(record);
  }

  return {
    tell(update) {
      records.learn(update);
      shown ??= update.call.id;
      if (update.call.state !== 'ended') shown = update.call.id;
      draw();
    },
    line(callId, from, text) {
      records.line(callId, from, text);
      draw();
    },
    show(call) {
      if (shown === call.id) return;
      records.recall(call);
      shown = call.id;
      draw();
    },
  };
}
