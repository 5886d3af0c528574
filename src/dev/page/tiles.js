// Somebody in a call: the camera's picture, or the face.
import { drawRows, element, write } from './dom.js';
import { face } from './people.js';

function make({ uid, isOwn }) {
  return element(
    'figure',
    { class: isOwn ? 'tile own' : 'tile' },
    face(uid),
    element('figcaption'),
  );
}

function draw(tile, { uid, name, says = '', isOwn, isMuted, isSpeaking, isWaiting, video }) {
  const words = [isOwn ? `${name} (you)` : name, says, isMuted ? 'muted' : ''];
  write(tile.querySelector('figcaption'), words.filter(Boolean).join(' · '));
  tile.classList.toggle('speaking', isSpeaking === true);
  tile.classList.toggle('waiting', isWaiting === true);
  const there = tile.querySelector('video');
  if (there && there.dataset.track !== video?.sid) there.remove();
  if (video && !tile.querySelector('video')) {
    const attached = video.track.attach();
    attached.dataset.track = video.sid;
    attached.setAttribute('aria-label', `Camera of ${name || uid}`);
    tile.prepend(attached);
  }
}

/** One tile a person. */
export const drawTiles = (parent, people) =>
  drawRows(parent, people, { key: ({ uid }) => uid, make, draw });
