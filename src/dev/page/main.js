// The page's one place where form, answer and call meet.
import { decode, forgetAnswer, secondsLeft, showAnswer } from './answer.js';
import { askForToken, VARIANTS } from './ask.js';
import { joinRoom } from './call.js';
import { $, element, say } from './dom.js';

/** A token that is about to end is not worth connecting with. */
const SECONDS_LEFT_MIN = 20;

const query = new URLSearchParams(location.search);
const getJson = async (path) => (await fetch(path)).json();
const [users, { endpoint }] = await Promise.all(['/dev/users', '/dev/status'].map(getJson));
let held;
let room;

const chosen = () => ({
  // Not by FormData: a form that rests, as during a call, has none.
  uid: document.querySelector('[name="user"]:checked').value,
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
  const answer = await askForToken(asked, endpoint);
  if (asked.uid !== chosen().uid) return undefined;
  held = answer.status === 200 ? { asked, ...answer.body } : undefined;
  showAnswer(answer);
  say(held ? `${asked.uid} has a token.` : `Refused: ${answer.body.error}`);
  return held;
}

/** Whatever is on the page was somebody else's. */
function onUser() {
  held = undefined;
  forgetAnswer();
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

/** By the clipboard, which a page has only on loopback and over https; otherwise by hand. */
async function copy(id) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText($(id).textContent);
    say('Copied.');
    return;
  }
  getSelection().selectAllChildren($(id));
  say('Selected: copy it.');
}

drawForm();
drawLinks();
$('ask').addEventListener('input', drawLinks);
$('users').addEventListener('change', onUser);
$('ask').addEventListener('submit', (event) => {
  event.preventDefault();
  void getToken().catch((error) => say(`That did not work: ${error.message}`, { bad: true }));
});
document.addEventListener('visibilitychange', () => {
  // A server that is away is told where it is asked for something.
  if (!document.hidden && room === undefined) void drawReadiness().catch(() => {});
});
onClick('join', join);
onClick('leave', () => room.disconnect());
onClick('copy', () => copy('token-raw'));
onClick('copy-curl', () => copy('request-curl'));
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
