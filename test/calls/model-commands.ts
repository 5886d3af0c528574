// What may happen in a run of the model, and the scenes that runs start from.
import fc from 'fast-check';
import type { CallRules, PartyState } from '../../src/calls/call.ts';
import { RULES } from './world.ts';

export const PEOPLE = ['A', 'B', 'C', 'D'] as const;
export const CALL_IDS = ['c0', 'c1', 'c2'] as const;

/** Short enough that every call comes to its end within a run. */
export const MODEL_RULES: CallRules = {
  ...{ ...RULES, maxCallMs: 600_000, maxParticipants: 4 },
  ...{ pushes: true, hostTargets: ['app'] },
};

/** Of people. */
export type Act =
  | {
      readonly type: 'place';
      readonly call: string;
      readonly who: string;
      readonly to: readonly string[];
      readonly device: string;
    }
  | {
      readonly type: 'accept';
      readonly call: string;
      readonly who: string;
      readonly device: string;
      readonly takeOver: boolean;
      readonly instead?: string;
    }
  | {
      readonly type: 'decline';
      readonly call: string;
      readonly who: string;
      readonly reason: 'declined' | 'busy' | 'timeout';
    }
  | {
      readonly type: 'leave';
      readonly call: string;
      readonly who: string;
      readonly device?: string;
    }
  | { readonly type: 'alerting'; readonly call: string; readonly who: string }
  | { readonly type: 'end'; readonly call: string; readonly who?: string }
  | {
      readonly type: 'invite';
      readonly call: string;
      readonly who: string;
      readonly to: readonly string[];
    };

/** What can be aimed at somebody, whatever state he is in. */
export const EVENTS = [
  ...['accept', 'decline', 'decline busy', 'timeout', 'leave', 'alerting', 'invite'],
  ...['joined', 'left', 'seen', 'absent'],
] as const;

export type Command =
  | Act
  /** At some party of some call: few of the pairs come about by chance. */
  | {
      readonly type: 'aim';
      readonly state?: PartyState;
      readonly which: number;
      readonly event: string;
    }
  /** Two at one moment, on two instances. */
  | { readonly type: 'race'; readonly one: Act; readonly other: Act }
  | { readonly type: 'connect'; readonly call: string; readonly who: string }
  | {
      readonly type: 'disconnect';
      readonly call: string;
      readonly who: string;
      readonly reason: string;
    }
  /** Some webhook that is on its way arrives, -1: the last; it may come again. */
  | { readonly type: 'webhook'; readonly which: number; readonly again: boolean }
  | { readonly type: 'lose webhook'; readonly which: number }
  /** LiveKit was asked, and before its answer is applied something else happens. */
  | { readonly type: 'slow sweep'; readonly call: string; readonly meanwhile: Command }
  | { readonly type: 'turn'; readonly ms: number }
  | { readonly type: 'due loop'; readonly answers: boolean }
  | { readonly type: 'effects'; readonly fail: boolean }
  | { readonly type: 'read'; readonly who: string };

const who = fc.constantFrom(...PEOPLE);
const call = fc.constantFrom(...CALL_IDS);
/** A device of one's own, of two. */
const device = fc.constantFrom('1', '2');
const others = (most: number) =>
  fc.uniqueArray(fc.constantFrom(...PEOPLE, '~D'), { minLength: 1, maxLength: most });
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

const place = fc
  .record({ type: fc.constant('place' as const), call, who, device, to: others(2) })
  .map((act) => {
    const to = act.to.filter((name) => name !== act.who && name !== `~${act.who}`);
    const names = new Map(to.map((name) => [name.replace('~', ''), name]));
    return { ...act, to: names.size > 0 ? [...names.values()] : [act.who === 'A' ? 'B' : 'A'] };
  });
const accept = fc
  .record({
    type: fc.constant('accept' as const),
    ...{ call, who, device, takeOver: fc.boolean(), instead: optional(call) },
  })
  .map(({ instead, ...act }) =>
    instead === undefined || instead === act.call ? act : { ...act, instead },
  );
const decline = fc.record({
  type: fc.constant('decline' as const),
  ...{ call, who, reason: fc.constantFrom('declined', 'busy', 'timeout') },
});
const leave = fc
  .record({ type: fc.constant('leave' as const), call, who, device: optional(device) })
  .map(({ device: own, ...act }) => (own === undefined ? act : { ...act, device: own }));
const alerting = fc.record({ type: fc.constant('alerting' as const), call, who });
const end = fc
  .record({ type: fc.constant('end' as const), call, who: optional(who) })
  .map(({ who: by, ...act }) => (by === undefined ? act : { ...act, who: by }));
const invite = fc
  .record({ type: fc.constant('invite' as const), call, who, to: others(2) })
  .map((act) => ({ ...act, to: act.to.filter((name) => name !== `~D` || !act.to.includes('D')) }));

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: place },
  { weight: 6, arbitrary: accept },
  { weight: 2, arbitrary: decline },
  { weight: 3, arbitrary: leave },
  { weight: 2, arbitrary: alerting },
  { weight: 1, arbitrary: end },
  { weight: 3, arbitrary: invite },
) as fc.Arbitrary<Act>;

/** Both devices of one person, or two people who call each other. */
const rivals = fc.oneof(
  fc.record({ call, who, takeOver: fc.boolean() }).map(({ takeOver, ...both }) => {
    const one = { type: 'accept' as const, ...both, takeOver: false };
    return {
      type: 'race' as const,
      one: { ...one, device: '1' },
      other: { ...one, device: '2', takeOver },
    };
  }),
  fc.record({ one: call, other: call, pair: fc.constantFrom('AB', 'CD', 'BC') }).map((glare) => {
    const [first, second] = [...glare.pair] as [string, string];
    const from = { type: 'place' as const, device: '1' };
    return {
      type: 'race' as const,
      one: { ...from, call: glare.one, who: first, to: [second] },
      other: { ...from, call: glare.other, who: second, to: [first] },
    };
  }),
  fc.record({ type: fc.constant('race' as const), one: act, other: act }),
);

const room = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('connect' as const), call, who }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('disconnect' as const),
      ...{ call, who, reason: fc.constantFrom('CLIENT_INITIATED', 'SIGNAL_CLOSE', 'MIGRATION') },
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('webhook' as const),
      ...{ which: fc.nat(20), again: fc.boolean() },
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('lose webhook' as const), which: fc.nat(20) }),
  },
);

const ours = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('turn' as const),
      ms: fc.constantFrom(1, 900, 4_900, 5_000, 19_900, 20_000, 31_000, 45_000, 55_000, 60_000),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ type: fc.constant('due loop' as const), answers: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('effects' as const), fail: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('read' as const), who }) },
);

const aim = fc.record({
  type: fc.constant('aim' as const),
  ...{ which: fc.nat(11), event: fc.constantFrom(...EVENTS) },
});

const plain = fc.oneof(
  { weight: 8, arbitrary: aim },
  { weight: 5, arbitrary: act },
  { weight: 2, arbitrary: rivals },
  { weight: 4, arbitrary: room },
  { weight: 3, arbitrary: ours },
) as fc.Arbitrary<Command>;

export const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 12, arbitrary: plain },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('slow sweep' as const), call, meanwhile: plain }),
  },
) as fc.Arbitrary<Command>;

const placing = (id: string, from: string, ...to: string[]): Command => ({
  ...{ type: 'place', call: id, who: from, to, device: '1' },
});
const accepting = (id: string, by: string): Command => ({
  ...{ type: 'accept', call: id, who: by, device: '1', takeOver: false },
});
const entering = (id: string, by: string): readonly Command[] => [
  { type: 'connect', call: id, who: by },
  { type: 'webhook', which: -1, again: true },
];
const talking = (id: string, from: string, ...to: string[]): readonly Command[] => [
  placing(id, from, ...to),
  ...to.map((by) => accepting(id, by)),
  ...[from, ...to].flatMap((by) => entering(id, by)),
];

/** From an empty house a random walk hardly ever gets where it matters. */
export const SCENES: Readonly<Record<string, readonly Command[]>> = {
  'nothing yet': [],
  'a ring': [placing('c0', 'A', 'B')],
  'a ring of three': [placing('c0', 'A', 'B', 'C', 'D')],
  'a ring, the caller in the room': [placing('c0', 'A', 'B'), ...entering('c0', 'A')],
  'a ring that is kept from one': [placing('c0', 'A', '~D')],
  'two who accepted': [placing('c0', 'A', 'B'), accepting('c0', 'B')],
  'two who talk': talking('c0', 'A', 'B'),
  'three who talk, one rings': [
    ...talking('c0', 'A', 'B', 'C'),
    { type: 'invite', call: 'c0', who: 'A', to: ['D'] },
  ],
  'one of three is lost': [
    ...talking('c0', 'A', 'B', 'C'),
    { type: 'disconnect', call: 'c0', who: 'B', reason: 'SIGNAL_CLOSE' },
    { type: 'webhook', which: -1, again: false },
  ],
  'one of a group declined, one missed': [
    placing('c0', 'A', 'B', 'C', 'D'),
    accepting('c0', 'B'),
    ...entering('c0', 'A'),
    ...entering('c0', 'B'),
    { type: 'decline', call: 'c0', who: 'C', reason: 'declined' },
    { type: 'turn', ms: 55_000 },
    { type: 'due loop', answers: true },
  ],
  'one of a group was busy, and is no more': [
    placing('c1', 'D', 'C'),
    placing('c0', 'A', 'B', 'D'),
    accepting('c0', 'B'),
    { type: 'leave', call: 'c1', who: 'D' },
  ],
  'one of a group has left': [
    ...talking('c0', 'A', 'B', 'C'),
    { type: 'leave', call: 'c0', who: 'C' },
  ],
  'one alone in a group': [
    ...talking('c0', 'A', 'B', 'C'),
    { type: 'leave', call: 'c0', who: 'C' },
    { type: 'leave', call: 'c0', who: 'B' },
  ],
  'two calls, and one rings into the other': [
    ...talking('c0', 'A', 'B'),
    placing('c1', 'C', 'D'),
    accepting('c1', 'D'),
  ],
  'two rings at one phone': [placing('c0', 'A', 'B'), placing('c1', 'C', 'B')],
  'a ring at one who sits in a call of his own': [placing('c0', 'A', 'B'), placing('c1', 'B', 'C')],
  'a ring at one who talks': [placing('c0', 'A', 'B'), ...talking('c1', 'B', 'C')],
  'a call that was cancelled': [
    placing('c0', 'A', 'B', 'C'),
    { type: 'leave', call: 'c0', who: 'A' },
  ],
  'a call that was missed, somebody joins late': [
    placing('c0', 'A', 'B'),
    { type: 'turn', ms: 55_000 },
    { type: 'due loop', answers: false },
    { type: 'connect', call: 'c0', who: 'A' },
  ],
};

/** Where somebody is in each state: every pair is tried once, whatever chance brings. */
const SCENE_WITH: Readonly<Record<PartyState, keyof typeof SCENES>> = {
  ringing: 'a ring of three',
  joining: 'two who accepted',
  joined: 'two who talk',
  lost: 'one of three is lost',
  left: 'one of a group has left',
  declined: 'one of a group declined, one missed',
  missed: 'one of a group declined, one missed',
  busy: 'one of a group was busy, and is no more',
  cancelled: 'a call that was cancelled',
};

export const EVERY_PAIR: readonly [scene: string, story: Command[], isDark: boolean][] = [
  ...Object.entries(SCENE_WITH).flatMap(([state, scene]) =>
    EVENTS.map((event, nth): [string, Command[], boolean] => [
      scene,
      [{ type: 'aim', state: state as PartyState, which: 0, event }],
      nth % 2 === 0,
    ]),
  ),
  ...EVENTS.map((event, nth): [string, Command[], boolean] => [
    'a ring that is kept from one',
    [{ type: 'aim', state: 'ringing', which: 0, event }],
    nth % 2 === 0,
  ]),
  ...['a ring at one who sits in a call of his own', 'a ring at one who talks'].flatMap((scene) =>
    [
      { device: '1', takeOver: false },
      { device: '2', takeOver: false },
      { device: '2', takeOver: true },
      { device: '2', takeOver: false, instead: 'c1' },
    ].map((how, nth): [string, Command[], boolean] => [
      scene,
      [{ type: 'accept', call: 'c0', who: 'B', ...how }],
      nth % 2 === 0,
    ]),
  ),
  ['two who talk', [{ type: 'accept', call: 'c0', who: 'B', device: '2', takeOver: true }], false],
  [
    'two who talk',
    [
      { type: 'disconnect', call: 'c0', who: 'B', reason: 'SIGNAL_CLOSE' },
      { type: 'webhook', which: -1, again: false },
      // That he had come, once more.
      { type: 'webhook', which: -1, again: true },
    ],
    false,
  ],
  ['two who talk', [{ type: 'leave', call: 'c0', who: 'B', device: '2' }], false],
  [
    'three who talk, one rings',
    [
      { type: 'turn', ms: 55_000 },
      { type: 'invite', call: 'c0', who: 'A', to: ['D'] },
    ],
    false,
  ],
  [
    'a ring of three',
    [
      accepting('c0', 'B'),
      { type: 'decline', call: 'c0', who: 'D', reason: 'declined' },
      { type: 'invite', call: 'c0', who: 'A', to: ['D'] },
    ],
    true,
  ],
  [SCENE_WITH.lost, [{ type: 'end', call: 'c0', who: 'A' }], false],
];
