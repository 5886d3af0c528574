// The token endpoint by itself: a request and its answer, and the room that the token opens.
import { decode, forgetAnswer, secondsLeft, showAnswer } from './answer.js';
import { askForToken, VARIANTS } from './ask.js';
import { $, element, write } from './dom.js';
import { joinRoom, peopleIn } from './room.js';
import { drawTiles } from './tiles.js';

/** A token that is about to end is not worth connecting with. */
const SECONDS_LEFT_MIN = 20;

const getJson = async (path) => (await fetch(path)).json();
let users;
let endpoint;
let held;
let room;

const chosen = () => ({
  // Not by FormData: a form that rests, as during a call, has none.
  uid: document.querySelector('[name="user"]:checked').value,
  room: $('room').value,
  variant: $('variant').value,
});
const nameOf = ({ name, uid }) => name ?? uid;

/** What went wrong stays until the next try. */
function says(id, sentence, { bad = false } = {}) {
  write($(id), sentence);
  $(id).classList.toggle('bad', bad);
}

function drawForm({ me, roomName }) {
  for (const user of users) {
    const radio = element('input', { type: 'radio', name: 'user', value: user.uid });
    radio.checked = user.uid === me;
    const detail = element('small', {}, user.email ?? user.phone_number ?? user.uid);
    $('users').append(
      element('label', { class: 'user' }, radio, element('span', {}, nameOf(user), detail)),
    );
  }
  for (const [value, { label }] of Object.entries(VARIANTS)) {
    $('variant').append(element('option', { value }, label));
  }
  $('room').value = roomName;
}

function drawLinks() {
  const { uid, room: roomName } = chosen();
  const next = users[(users.findIndex((user) => user.uid === uid) + 1) % users.length];
  $('second').href = `/?${new URLSearchParams({ user: next.uid, room: roomName })}#token`;
  $('second').textContent = `Open a second tab as ${next.uid}`;
}

async function getToken() {
  const asked = chosen();
  const answer = await askForToken(asked, endpoint);
  if (asked.uid !== chosen().uid) return undefined;
  held = answer.status === 200 ? { asked, ...answer.body } : undefined;
  showAnswer(answer);
  // A refusal stands in the answer.
  says('token-says', held ? `${asked.uid} has a token.` : '');
  return held;
}

/** Whatever is on the page was somebody else's. */
function onUser() {
  held = undefined;
  says('token-says', '');
  forgetAnswer();
}

/** The token on the page, if it is still good for what is chosen. */
function heldToken() {
  const now = chosen();
  const same = held && Object.keys(now).every((key) => held.asked[key] === now[key]);
  return same && secondsLeft(decode(held.token).claims) > SECONDS_LEFT_MIN ? held : undefined;
}

function drawRoom() {
  const joined = room !== undefined;
  $('who').disabled = joined;
  $('join').hidden = joined;
  $('controls').hidden = !joined;
  $('room-state').hidden = !joined;
  const people = joined ? peopleIn(room) : [];
  drawTiles($('tiles'), people);
  if (!joined) return;
  const others = people.length - 1;
  write(
    $('room-state'),
    others === 0 ? 'waiting for somebody' : `with ${others} other${others === 1 ? '' : 's'}`,
  );
  const { isMicrophoneEnabled, isCameraEnabled } = room.localParticipant;
  $('microphone').setAttribute('aria-pressed', isMicrophoneEnabled);
  $('camera').setAttribute('aria-pressed', isCameraEnabled);
}

/** Says what is missing before a room can be joined. */
async function drawReadiness() {
  const { liveKitUrl, liveKitAnswers, liveKitClientInstalled, canBuildLiveKit } =
    await getJson('/dev/status');
  const code = (text) => element('code', {}, text);
  const hint = [];
  if (!liveKitAnswers) {
    hint.push(`No LiveKit server answers at ${liveKitUrl}. `);
    if (canBuildLiveKit) hint.push('Run ', code('npm run livekit'), ' once (it needs Go)');
    else hint.push('Install ', code('livekit-server'));
    hint.push(', or set ', code('LIVEKIT_SERVER'));
    hint.push(' to the path of one, and start development mode again.');
  } else if (!liveKitClientInstalled) {
    hint.push(
      'livekit-client is not installed. Run ',
      code('npm install --save-dev livekit-client'),
    );
    hint.push(' and come back to this tab.');
  }
  $('room-hint').replaceChildren(...hint);
  $('room-hint').hidden = hint.length === 0;
  $('join').disabled = hint.length > 0;
}

async function join() {
  const token = heldToken() ?? (await getToken());
  if (!token) return;
  says('room-says', 'Joining …');
  const joined = await joinRoom({
    url: token.server_url,
    token: token.token,
    on: {
      changed: (known) => {
        room ??= known;
        drawRoom();
      },
      came: ({ name }) => says('room-says', `${name} is here.`),
      went: ({ name }) => says('room-says', `${name} has left.`),
      over() {
        room = undefined;
        drawRoom();
        says('room-says', 'You have left the room.');
      },
    },
  });
  $('leave').focus();
  const { missing } = joined;
  const without = missing.length > 0 ? ` without ${missing.join(' and ')}` : '';
  says('room-says', `You are in ${joined.room.name}${without}.`);
}

/** Runs on a click; the button rests meanwhile, and a fault becomes a sentence beside it. */
function onClick(id, run, where) {
  $(id).addEventListener('click', async () => {
    $(id).disabled = true;
    try {
      await run();
    } catch (error) {
      says(where, `That did not work: ${error.message}`, { bad: true });
    }
    $(id).disabled = false;
  });
}

/** By the clipboard, which a page has only on loopback and over https; otherwise by hand. */
async function copy(id, button) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText($(id).textContent);
    write($(button), 'Copied');
    return;
  }
  getSelection().selectAllChildren($(id));
  write($(button), 'Selected: copy it');
}

export async function startToken(parts) {
  ({ users, endpoint } = parts);
  drawForm(parts);
  drawLinks();
  $('ask').addEventListener('input', drawLinks);
  $('users').addEventListener('change', onUser);
  $('ask').addEventListener('submit', (event) => {
    event.preventDefault();
    const fail = ({ message }) =>
      says('token-says', `That did not work: ${message}`, { bad: true });
    void getToken().catch(fail);
  });
  document.addEventListener('visibilitychange', () => {
    // A server that is away is told where it is asked for something.
    if (!document.hidden && room === undefined) void drawReadiness().catch(() => {});
  });
  onClick('join', join, 'room-says');
  onClick('leave', () => room.disconnect(), 'room-says');
  onClick('copy', () => copy('token-raw', 'copy'), 'token-says');
  onClick('copy-curl', () => copy('request-curl', 'copy-curl'), 'token-says');
  onClick(
    'microphone',
    async () => {
      const { localParticipant } = room;
      await localParticipant.setMicrophoneEnabled(!localParticipant.isMicrophoneEnabled);
      drawRoom();
    },
    'room-says',
  );
  onClick(
    'camera',
    async () => {
      const { localParticipant } = room;
      await localParticipant.setCameraEnabled(!localParticipant.isCameraEnabled);
      drawRoom();
    },
    'room-says',
  );
  await drawReadiness();
}
