// Names of rooms and people in any script arrive at LiveKit exactly as they were given.
import { beforeAll, describe, expect, it } from 'vitest';
import { type Backend, startBackend } from './backend.ts';
import { join } from './clients.ts';
import { endings } from './endings.ts';
import { type LiveKit, startLiveKit } from './livekit.ts';

const keep = endings();
let livekit: LiveKit;
let backend: Backend;

beforeAll(async () => {
  livekit = keep(await startLiveKit());
  backend = keep(await startBackend(livekit));
});

/** Joins, and answers what LiveKit says of the room and who is in it. */
async function present(uid: string, roomName: string, name: string) {
  const client = await join(
    livekit.url,
    await backend.tokenFor({ uid, roomName, claims: { name } }),
  );
  try {
    const [participant] = await livekit.participants(roomName);
    const isListed = (await livekit.roomNames()).includes(roomName);
    return { isListed, identity: participant?.identity, name: participant?.name };
  } finally {
    await client.stop();
  }
}

const bytes = (text: string): number => Buffer.byteLength(text);
const full = (text: string, size = 256): string => text.repeat(size / bytes(text));

describe('a display name arrives as it is', () => {
  it.each([
    ['Arabic', 'ليلى العامري'],
    ['Devanagari', 'क्षितिज शर्मा'],
    ['Chinese', '歐陽娜娜'],
    ['an emoji family', '👨‍👩‍👧‍👦 at home'],
    ['Latin with combining marks', 'Ze\u0301 A\u030angstro\u0308m'],
    ['both directions', 'Dana דנה 5'],
    ['markup and quotes', `<b>"Bobby" & 'Tables'</b> \\n`],
    ['256 bytes of emoji', full('😀')],
    ['256 bytes of one', full('n')],
  ])('%s', async (script, name) => {
    const roomName = `named in ${script}`;
    expect(await present('uid-1', roomName, name)).toEqual({
      isListed: true,
      identity: 'uid-1',
      name,
    });
  });

  it('longer than 256 bytes: cut between characters', async () => {
    const { name } = await present('uid-1', 'long', `a${full('😀')}`);
    expect(name).toBe(`a${full('😀', 252)}`);
  });
});

describe('a room name arrives as it is', () => {
  it.each([
    ['slashes', 'families/42/../kitchen//'],
    ['spaces', '  two  spaces around '],
    ['emoji', '🏠 chez nous 👩‍💻'],
    ['what a URL would change', 'a?b=c&d#e%20f+g'],
    ['what JSON would escape', '"q" \\ {"a":1}'],
    ['decomposed marks', 'cafe\u0301'],
    ['composed marks', 'caf\u00e9'],
    ['256 bytes', full('ß')],
  ])('%s', async (_kind, roomName) => {
    expect(await present('uid-1', roomName, 'One')).toEqual({
      isListed: true,
      identity: 'uid-1',
      name: 'One',
    });
  });
});

describe('a uid arrives as it is', () => {
  it.each([
    ['of Firebase', 'Zx8Yk0aWq1RrTt2PpLl3MmNn4Oo5'],
    ['with signs', 'user/1 ?&=#+%2F"\'\\@example.com'],
    ['with a hash, as of another publisher', 'alice#1'],
    ['in emoji', '👩‍👩‍👦'],
    ['128 characters of 2 bytes', 'ж'.repeat(128)],
  ])('%s', async (kind, uid) => {
    const roomName = `of a uid ${kind}`;
    expect(await present(uid, roomName, 'One')).toEqual({
      isListed: true,
      identity: uid,
      name: 'One',
    });
  });
});
