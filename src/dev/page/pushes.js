// Each push as it went out to a provider, and what the phone made of it.
import { showJson } from './answer.js';
import { $, drawRows, element, write } from './dom.js';
import { firstNameOf } from './people.js';
import { ownerOf } from './pocket.js';
import { duration, timeOf } from './words.js';

const KINDS = { ring: 'ring', stop_ring: 'stop' };

const toOf = ({ uid, phone }) => {
  if (phone) return ownerOf({ uid, name: phone });
  return uid ? `${firstNameOf(uid)}’s own device` : 'an own device';
};

/** `1795938139  in 0:45` */
function headerOf([name, value], at) {
  const isTime = name === 'apns-expiration' && value !== '0';
  const left = isTime ? duration(Math.max(0, Number(value) - at / 1000)) : undefined;
  return element(
    'div',
    {},
    element('dt', {}, name),
    element('dd', {}, value, left && element('span', { class: 'when' }, `  ${left} later`)),
  );
}

function makePush(push) {
  const { at, provider, headers, payload, outcome } = push;
  const json = element('pre', { tabindex: '0', 'aria-label': 'Payload' });
  showJson(json, payload);
  const kind = KINDS[payload.type] ?? payload.type;
  const cause = payload.cause && element('code', {}, payload.cause);
  return element(
    'li',
    {},
    element(
      'details',
      {},
      element(
        'summary',
        {},
        element('time', { datetime: new Date(at).toISOString() }, timeOf(at)),
        element('b', { class: `kind ${kind}` }, kind),
        element('span', { class: 'to' }, toOf(push), cause && ' ', cause),
        element('span', { class: 'provider' }, provider),
        element('span', { class: 'outcome' }, outcome),
      ),
      element('dl', {}, ...Object.entries(headers).map((header) => headerOf(header, at))),
      json,
    ),
  );
}

/** The number on the button is of those that this tab has seen go out. */
export function drawPushes({ pocket: { pushes, seen = 0 } }) {
  write($('push-count'), seen > 0 ? String(seen) : '');
  $('no-pushes').hidden = pushes.length > 0;
  const rows = pushes.toReversed();
  drawRows($('push-lines'), rows, {
    key: ({ number }) => String(number),
    make: makePush,
    draw(row, push) {
      const later = rows[rows.indexOf(push) - 1];
      row.className = later?.payload.id === push.payload.id ? '' : 'before';
    },
  });
}

/** The card shows either; the life of the call first. */
export function chooseView() {
  // Else nobody could scroll it by keyboard.
  $('push-scroll').tabIndex = 0;
  const views = [
    { button: $('view-life'), panel: $('life-view'), title: 'The life of a call' },
    { button: $('view-pushes'), panel: $('pushes'), title: 'Pushes' },
  ];
  const choose = (chosen) => {
    for (const view of views) {
      const isChosen = view === chosen;
      view.button.setAttribute('aria-pressed', String(isChosen));
      view.panel.hidden = !isChosen;
    }
    write($('life-title'), chosen.title);
    $('life-id').hidden = chosen !== views[0];
  };
  for (const view of views) view.button.addEventListener('click', () => choose(view));
}
