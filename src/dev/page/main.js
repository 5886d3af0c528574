// Where the page begins: who this tab is, and which part of it is seen.
import { $ } from './dom.js';
import { drawChoices } from './home.js';
import { drawGlossary } from './life.js';
import { isUser, knowUsers, watchPresence } from './people.js';
import { startPhone } from './phone.js';
import { chooseView } from './pushes.js';
import { startToken } from './token.js';

const query = new URLSearchParams(location.search);
const getJson = async (path) => (await fetch(path)).json();
const [users, status] = await Promise.all(['/dev/users', '/dev/status'].map(getJson));
knowUsers(users);

function showPart() {
  const isToken = location.hash === '#token';
  $('panel-token').hidden = !isToken;
  $('panel-phone').hidden = isToken;
  for (const link of document.querySelectorAll('nav a[href^="#"]')) {
    if ((link.hash === '#token') === isToken) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

/** The address holds it, so that a tab can be opened as somebody. */
function be(uid) {
  $('screen-who').hidden = true;
  const params = new URLSearchParams({ ...Object.fromEntries(query), user: uid });
  history.replaceState(null, '', `/?${params}${location.hash}`);
  startPhone({ me: uid, device: query.get('device') ?? undefined, status });
}

function choose() {
  $('screen-who').hidden = false;
  const stop = watchPresence((feeds) => {
    drawChoices(feeds, (uid) => {
      stop();
      be(uid);
    });
  });
}

showPart();
drawGlossary();
chooseView();
addEventListener('hashchange', showPart);
const me = isUser(query.get('user')) ? query.get('user') : undefined;
if (me === undefined) choose();
else be(me);
await startToken({
  users,
  endpoint: status.endpoint,
  me: me ?? users[0].uid,
  roomName: query.get('room') ?? 'demo',
});
