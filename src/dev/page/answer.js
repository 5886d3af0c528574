// Shows a request as it went, and its answer: the token as it is and taken apart, with the time it
// has left, or the refusal.
import { curlOf, written } from './ask.js';
import { $, element } from './dom.js';
import { timeOf } from './words.js';

const REASONS = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};
const SHOWN = [
  'request-http',
  'request-curl',
  'answer-status',
  'answer-says',
  'answer-body',
  'token-raw',
  'token-header',
  'token-claims',
  'time-left',
];
let ticking;

function partOf(token, index) {
  const base64 = token.split('.')[index].replaceAll('-', '+').replaceAll('_', '/');
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** Header and claims, unverified: this is a look, not a check. */
export const decode = (token) => ({ header: partOf(token, 0), claims: partOf(token, 1) });

/** Seconds until the token opens no room any more. */
export const secondsLeft = (claims) => Math.max(0, Math.ceil(claims.exp - Date.now() / 1000));

/** Pretty-printed, with keys marked and times readable. */
export function showJson(target, value) {
  target.replaceChildren();
  for (const line of JSON.stringify(value, null, 2).split('\n')) {
    const [, indent, key = '', rest] = /^( *)("(?:[^"\\]|\\.)*"(?=: ))?(.*)$/.exec(line);
    target.append(indent, element('span', { class: 'key' }, key), rest);
    const time = /^"(?:exp|nbf|iat)"$/.test(key) && /\d{9,}/.exec(rest)?.[0];
    if (time) {
      const clock = timeOf(time * 1000);
      target.append(element('span', { class: 'when' }, `  ${clock}`));
    }
    target.append('\n');
  }
}

function tick(claims) {
  const left = secondsLeft(claims);
  const minutes = String(Math.floor(left / 60)).padStart(2, '0');
  const seconds = String(left % 60).padStart(2, '0');
  $('time-left').textContent = left > 0 ? `${minutes}:${seconds} left` : 'expired';
  if (left === 0) clearInterval(ticking);
}

/** On a phone the answer lies below what is seen. */
const bringIntoView = () => $('answer').scrollIntoView({ block: 'nearest' });

/** What was asked for somebody else is nobody's any more. */
export function forgetAnswer() {
  clearInterval(ticking);
  $('answer').hidden = true;
  for (const id of SHOWN) $(id).replaceChildren();
}

export function showAnswer({ request, status, body }) {
  forgetAnswer();
  const fine = status === 200;
  $('answer').hidden = false;
  $('request-http').textContent = written(request);
  $('request-curl').textContent = curlOf(request);
  $('answer-status').textContent = `${status} ${REASONS[status] ?? ''}`;
  $('answer-status').classList.toggle('bad', !fine);
  $('answer-says').textContent = fine ? '' : `${body.error} (${body.code})`;
  $('answer-token').hidden = !fine;
  $('answer-body').hidden = fine;
  if (!fine) {
    showJson($('answer-body'), body);
    bringIntoView();
    return;
  }
  const { header, claims } = decode(body.token);
  $('token-raw').textContent = body.token;
  showJson($('token-header'), header);
  showJson($('token-claims'), claims);
  tick(claims);
  ticking = setInterval(tick, 250, claims);
  bringIntoView();
}
