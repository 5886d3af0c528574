// The life of a call: who may ring whom, and how long everything may take.
import { type MayRing, RING_ACCESS_RULES } from '../access/ring-access.ts';
import type { CallRules } from '../calls/call.ts';
import type { DatabaseSettings } from './database.ts';
import { aFunction, integer, oneOf } from './kinds.ts';
import type { Say } from './say.ts';
import type { Table, ValuesOf } from './setting.ts';
import type { AccessSettings, CallSettings, LiveKitSettings } from './settings.ts';

const A_MINUTE = { min: 1, max: 1_000_000 };

const seconds = (min: number, max: number) => integer(min, max);

export const CALLS = {
  /**
   * Who may ring whom: `context`: whoever may enter a room of the call's context rings whoever may
   * too; `any`: everybody rings everybody. Default: `context` where a rule for rooms is set.
   */
  ringAccess: {
    variable: 'RING_ACCESS',
    meaning:
      'Who may ring whom: `context` (who may enter the room that the call’s context names), `any`. ' +
      'Unset: `context` where ROOM_ACCESS is `firestore` or `http` or the host has an authorizeRoom, else `any`',
    kind: oneOf(...RING_ACCESS_RULES),
  },
  /** The host's own rule about rings, in place of `ringAccess`. An error, or no answer in 2 s, is 503. */
  mayRing: {
    meaning: 'The host’s own rule about rings',
    excludes: 'ringAccess',
    kind: aFunction<MayRing>('MayRing'),
  },
  /** Rings of one person a minute, each callee of a group counted: 1 to 1,000,000. Default 60. */
  ringsPerMinute: {
    variable: 'RINGS_PER_MINUTE',
    meaning: `Rings of one person a minute, each callee counted: ${A_MINUTE.min} to ${A_MINUTE.max}`,
    default: '60',
    kind: integer(A_MINUTE.min, A_MINUTE.max),
  },
  /** Seconds a phone rings: 5 to 300. Default 45. */
  ringTimeoutSeconds: {
    variable: 'RING_TIMEOUT_SECONDS',
    meaning: 'How long the phone of whoever is called rings: 5 to 300 seconds',
    default: '45',
    kind: seconds(5, 300),
  },
  /**
   * Seconds after its ring's end in which an accept still counts, and the caller hears the tone:
   * 0 to 60. Default 10.
   */
  answerGraceSeconds: {
    variable: 'ANSWER_GRACE_SECONDS',
    meaning:
      'How long after the ring an accept still counts, because a phone that starts cold is late: ' +
      '0 to 60 seconds. The caller hears the tone until then',
    default: '10',
    kind: seconds(0, 60),
  },
  /** Seconds in which somebody whose connection broke may come back: 5 to 300. Default 20. */
  reconnectGraceSeconds: {
    variable: 'RECONNECT_GRACE_SECONDS',
    meaning: 'How long somebody whose connection broke may take to come back: 5 to 300 seconds',
    default: '20',
    kind: seconds(5, 300),
  },
  /** Seconds that one person may be alone in a call: 5 to 3600. Default 60. */
  aloneTimeoutSeconds: {
    variable: 'ALONE_TIMEOUT_SECONDS',
    meaning: 'How long one person may be alone in a call: 5 to 3600 seconds',
    default: '60',
    kind: seconds(5, 3_600),
  },
  /** Seconds that a call may last: 60 to 86400. Default 14400. */
  maxCallSeconds: {
    variable: 'MAX_CALL_SECONDS',
    meaning: 'How long a call may last: 60 to 86400 seconds',
    default: '14400',
    kind: seconds(60, 86_400),
  },
  /** People in a call, the caller among them: 2 to 100. Default 32. */
  maxParticipants: {
    variable: 'MAX_PARTICIPANTS',
    meaning: 'How many may be in a call, the caller among them: 2 to 100',
    default: '32',
    kind: integer(2, 100),
  },
  /** Days that a call is remembered after its end: 1 to 3650. Default 90. */
  historyDays: {
    variable: 'HISTORY_DAYS',
    meaning: 'How long a call is remembered after its end: 1 to 3650 days',
    default: '90',
    kind: integer(1, 3_650),
  },
} as const satisfies Table;

type Values = ValuesOf<typeof CALLS>;
type Names =
  | keyof typeof CALLS
  | 'database'
  | 'roomAccess'
  | keyof typeof NEEDED
  | 'livekitTokenTtlSeconds';
type SayHere = Say<Names>;

/** Of LiveKit, what a call can't do without. */
const NEEDED = { livekitApiKey: true, livekitApiSecret: true, livekitUrl: true } as const;

/** Undefined: there is no database, or what is missing beside it was told. */
export function callSettings(
  values: Values,
  by: {
    readonly database: DatabaseSettings | undefined;
    readonly access: AccessSettings | undefined;
    readonly livekit: LiveKitSettings;
    readonly ringing: Pick<CallSettings, 'push' | 'names' | 'host'>;
  },
  say: SayHere,
): CallSettings | undefined {
  const { database, access, livekit, ringing } = by;
  if (database === undefined) return undefined;
  const { keys, missingKeys, url } = livekit;
  for (const { option } of missingKeys) say.needs('database', option as keyof typeof NEEDED);
  if (url === undefined) say.needs('database', 'livekitUrl', 'wss://NAME.livekit.cloud');
  const ringAccess = access && ringAccessOf(values, access, say);
  const rules = rulesOf(values);
  if (livekit.tokenTtlSeconds * 1000 < rules.ringMs + rules.answerGraceMs) {
    say.warning(
      `${say.nameOf('livekitTokenTtlSeconds')} is shorter than a ring: the caller’s token ends before the answer`,
    );
  }
  if (keys === undefined || url === undefined || ringAccess === undefined) return undefined;
  return {
    database,
    livekit: { keys, url, previousKeys: livekit.previousKeys },
    ringAccess,
    rules,
    ringsPerMinute: values.ringsPerMinute,
    historyDays: values.historyDays,
    ...ringing,
  };
}

function ringAccessOf(
  { mayRing, ringAccess }: Values,
  access: AccessSettings,
  say: SayHere,
): CallSettings['ringAccess'] | undefined {
  if (mayRing !== undefined) return { rule: 'host', mayRing };
  const hasRoomRule = access.rule !== 'any' && access.rule !== 'calls';
  const rule = ringAccess ?? (hasRoomRule ? 'context' : 'any');
  if (rule === 'any') {
    // Who has written it down has decided so; for production he is asked once more.
    if (!say.isGiven('ringAccess') || say.production) {
      const name = say.nameOf('ringAccess');
      say.warning(`${name} is any: any signed-in user can ring any other by uid`);
    }
    return { rule };
  }
  if (hasRoomRule) return { rule };
  say.needs(
    { setting: 'ringAccess', is: ['context'] },
    { setting: 'roomAccess', is: ['firestore', 'http'] },
  );
  return undefined;
}

export const rulesOf = (values: Values): CallRules => ({
  ringMs: values.ringTimeoutSeconds * 1000,
  answerGraceMs: values.answerGraceSeconds * 1000,
  reconnectGraceMs: values.reconnectGraceSeconds * 1000,
  aloneMs: values.aloneTimeoutSeconds * 1000,
  maxCallMs: values.maxCallSeconds * 1000,
  maxParticipants: values.maxParticipants,
});
