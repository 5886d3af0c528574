// The page's one place where form, answer and call meet.
import { decode, secondsLeft, showAnswer } from './answer.js';
import { askForToken, VARIANTS } from './ask.js';
import { joinRoom } from './call.js';
import { $, element, say } from './dom.js';

/** A token that is about to end is not worth connecting with. */
const SECONDS_LEFT_MIN = 20;

const query = new URLSearchParams(location.search);
const users = await (await fetch('/dev/users')).json();
let held;
let room;

const chosen = () => ({
  uid: new FormData($('ask')).get('user') ?? held?.asked.uid,
  room: $('room').value,
  variant: $('variant').value,
});
const nameOf = ({ name, uid }) => name ?? uid;

function drawForm() {
  const wanted = users.some(({ uid }) => uid === query.get('user'))
    ? query.get('user')
    : users[0].uid;
  for (const user of users) {
    const radio = element('input', { type: 'radio', name: 'user', value: user.uid });
    radio.checked = user.uid === wanted;
    const detail = element('small', {}, user.email ?? user.phone_number ?? user.uid);
    $('users').append(
      element('label', { class: 'user' }, radio, element('span', {}, nameOf(user), detail)),
    );
  }
  for (const [value, { label }] of Object.entries(VARIANTS)) {
    $('variant').append(element('option', { value }, label));
  }
  $('room').value = query.get('room') ?? 'demo';
}

/** The address holds the choice, so that a tab can be opened as somebody. */
function drawLinks() {
  const { uid, room: roomName } = chosen();
  const address = (user) => `/?${new URLSearchParams({ user, room: roomName })}`;
  history.replaceState(null, '', address(uid));
  const next = users[(users.findIndex((user) => user.uid === uid) + 1) % users.length];
  $('second').href = address(next.uid);
  $('second').textContent = `Open a second tab as ${next.uid}`;
  document.title = `${uid} · Switchboard development mode`;
}

async function getToken() {
  const asked = chosen();
  const answer = await askForToken(asked);
  held = answer.status === 200 ? { asked, ...answer.body } : undefined;
  showAnswer(answer);
  say(held ? `${asked.uid} has a token.` : `Refused: ${answer.body.error}`);
  return held;
}

/** The token on the page, if it is still good for what is chosen. */
function heldToken() {
  const now = chosen();
  const same = held && Object.keys(now).every((key) => held.asked[key] === now[key]);
  return same && secondsLeft(decode(held.token).claims) > SECONDS_LEFT_MIN ? held : undefined;
}

function drawCall() {
  const joined = room !== undefined;
  $('who').disabled = joined;
  $('join').hidden = joined;
  $('controls').hidden = !joined;
  $('call-state').hidden = !joined;
  if (!joined) return;
  const { isMicrophoneEnabled, isCameraEnabled } = room.localParticipant;
  $('microphone').setAttribute('aria-pressed', isMicrophoneEnabled);
  $('camera').setAttribute('aria-pressed', isCameraEnabled);
}

/** Says what is missing before a call can be made. */
async function drawReadiness() {
  const { liveKitUrl, liveKitAnswers, liveKitClientInstalled } = await (
    await fetch('/dev/status')
  ).json();
  const code = (text) => element('code', {}, text);
  const hint = [];
  if (!liveKitAnswers) {
    hint.push(`No LiveKit server answers at ${liveKitUrl}. Run `, code('npm run livekit'));
    hint.push(' once (it needs Go), or set ', code('LIVEKIT_SERVER'));
    hint.push(' to the path of one, and start development mode again.');
  } else if (!liveKitClientInstalled) {
    hint.push(
      'livekit-client is not installed. Run ',
      code('npm install --save-dev livekit-client'),
    );
    hint.push(' and come back to this tab.');
  }
  $('call-hint').replaceChildren(...hint);
  $('call-hint').hidden = hint.length === 0;
  $('join').disabled = hint.length > 0;
}

async function join() {
  const token = heldToken() ?? (await getToken());
  if (!token) return;
  say('Joining …');
  const joined = await joinRoom({
    url: token.server_url,
    token: token.token,
    onLeft() {
      room = undefined;
      drawCall();
      say('You have left the room.');
    },
  });
  room = joined.room;
  drawCall();
  $('leave').focus();
  const without = joined.missing.length > 0 ? ` without ${joined.missing.join(' and ')}` : '';
  say(`You are in ${room.name}${without}.`);
}

/** Runs on a click; the button rests meanwhile, and a fault becomes a sentence. */
function onClick(id, run) {
  $(id).addEventListener('click', async () => {
    $(id).disabled = true;
    try {
      await run();
    } catch (error) {
      say(`That did not work: ${error.message}`, { bad: true });
    }
    $(id).disabled = false;
  });
}

drawForm();
drawLinks();
$('ask').addEventListener('input', drawLinks);
$('ask').addEventListener('submit', (event) => {
  event.preventDefault();
  void getToken().catch((error) => say(`That did not work: ${error.message}`, { bad: true }));
});
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && room === undefined) void drawReadiness();
});
onClick('join', join);
onClick('leave', () => room.disconnect());
onClick('copy', async () => {
  await navigator.clipboard.writeText(held.token);
  say('Copied.');
});
onClick('microphone', async () => {
  const { localParticipant } = room;
  await localParticipant.setMicrophoneEnabled(!localParticipant.isMicrophoneEnabled);
  drawCall();
});
onClick('camera', async () => {
  const { localParticipant } = room;
  await localParticipant.setCameraEnabled(!localParticipant.isCameraEnabled);
  drawCall();
});
await drawReadiness();
