// What the client hears of the real switchboard, both ways.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CallUpdate } from '../../src/client/index.ts';
import { listen, type People, setPeople } from './people.ts';
import { wholeFetch } from './stage.ts';

let people: People;
let stage: People['stage'];
let clientOf: People['clientOf'];

beforeEach(async () => {
  people = await setPeople();
  ({ stage, clientOf } = people);
});
afterEach(() => people.close());

const ofBob = (call: { parties: readonly { uid: string; state: string }[] }) =>
  call.parties.find(({ uid }) => uid === 'bob')?.state;

describe.each([
  ['a stream', {}],
  ['long polls, as in React Native', { feed: 'poll', fetch: wholeFetch }],
] as const)('the feed by %s', (_how, options) => {
  it('rings, stops where it was answered elsewhere, and tells the end', async () => {
    const alice = clientOf('alice', options);
    const [phone, tablet] = [
      clientOf('bob', options),
      clientOf('bob', { ...options, deviceId: 'bob-2' }),
    ];
    const [atAlice, atPhone, atTablet] = [alice, phone, tablet].map(listen) as [
      CallUpdate[],
      CallUpdate[],
      CallUpdate[],
    ];
    const { call } = await alice.place({ callees: ['bob'], kind: 'audio' });
    await vi.waitFor(() => {
      expect([atPhone.at(-1)?.rings, atTablet.at(-1)?.rings]).toEqual([true, true]);
    });
    await tablet.accept(call.id);
    await vi.waitFor(() => expect(atPhone.at(-1)?.rings).toBe(false));
    expect(atPhone.at(-1)).toMatchObject({ cause: 'answered_elsewhere', isHere: false });
    expect(atTablet.at(-1)).toMatchObject({ rings: false, isHere: true });
    await vi.waitFor(() => expect(atAlice.at(-1)?.call.state).toBe('active'));
    expect(ofBob(atAlice.at(-1)?.call ?? call)).toBe('joining');

    await tablet.leave(call.id);
    for (const told of [atAlice, atPhone, atTablet]) {
      await vi.waitFor(() => expect(told.at(-1)?.call.state).toBe('ended'));
    }
  });

  it('tells who begins to listen in the middle of a ring', async () => {
    const { call } = await clientOf('alice').place({ callees: ['bob'], kind: 'audio' });
    const told = listen(clientOf('bob', options));
    await vi.waitFor(() => expect(told).toHaveLength(1));
    expect(told[0]).toMatchObject({ cause: 'snapshot', rings: true, call: { id: call.id } });
  });

  it('tells a ring that nobody answered', async () => {
    const told = listen(clientOf('bob', options));
    await clientOf('alice').place({ callees: ['bob'], kind: 'audio' });
    await vi.waitFor(() => expect(told.at(-1)?.rings).toBe(true));
    stage.clock.advance(45_000);
    expect(told.at(-1)).toMatchObject({ cause: 'ring_over', rings: false });
    // The answer grace, and whatever is asked meanwhile.
    await vi.waitFor(() => {
      stage.clock.advance(1000);
      expect(told.at(-1)?.call).toMatchObject({ outcome: 'missed' });
    });
  });
});

it('one call is watched without the feed', async () => {
  const [alice, bob] = [clientOf('alice'), clientOf('bob', { fetch: wholeFetch })];
  const { call } = await alice.place({ callees: ['bob'], kind: 'audio' });
  const told: CallUpdate[] = [];
  bob.watch(call.id, (update) => told.push(update));
  await vi.waitFor(() => expect(told.at(-1)?.rings).toBe(true));
  await alice.leave(call.id);
  await vi.waitFor(() =>
    expect(told.at(-1)?.call).toMatchObject({ state: 'ended', outcome: 'cancelled' }),
  );
});
