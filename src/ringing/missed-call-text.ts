// What a phone shows of a call that its owner has missed: our words in its language, or the host's.
import { type Clock, withDeadline } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { CallKind } from '../calls/call.ts';
import { ENGLISH, MISSED_CALL_WORDS, type MissedCallWords, NAME } from './missed-call-words.ts';
import type { MissedCallText } from './push.ts';
import { createMaySay } from './said-rarely.ts';

export interface MissedCall {
  /** BCP 47, as the phone has registered itself. */
  readonly locale?: string;
  /** Absent: nobody knows it. */
  readonly callerName?: string;
  readonly kind: CallKind;
  /** What the call is about: a chat's id. */
  readonly context?: string;
}

/**
 * The host's own words; undefined: ours. A number on the app's icon is shown only where it is given.
 * @example missedCallText: ({ callerName }) => ({ title: callerName, body: 'tried to reach you' })
 */
export type MissedCallTextOf = (
  missed: MissedCall,
) => MissedCallText | undefined | Promise<MissedCallText | undefined>;

/** Never rejects. */
export type MissedCallTexts = (missed: MissedCall) => Promise<MissedCallText>;

/** The host may look into its database: how much is unread there. */
const HOST_MS = 1_000;
/** Of a text: what is longer shows nowhere, and a push holds 4096 bytes. */
const TEXT_MAX_CHARACTERS = 256;

export function createMissedCallTexts(options: {
  host?: MissedCallTextOf | undefined;
  /** False: our words say no more than that there was a call. */
  saysWho: boolean;
  clock: Clock;
  log: Logger;
}): MissedCallTexts {
  const { host, saysWho, clock, log } = options;
  const maySay = createMaySay(clock);
  return async (missed) => {
    const { locale } = missed;
    const unsaid: MissedCall = { ...(locale !== undefined && { locale }), kind: 'audio' };
    const ours = () => missedCallText(saysWho ? missed : unsaid);
    if (host === undefined) return ours();
    try {
      const theirs: unknown = await withDeadline(clock, HOST_MS, () => host(missed));
      return theirs === undefined ? ours() : checked(theirs);
    } catch (error) {
      if (maySay('missedCallText')) log.error({ err: error }, FAILED);
      return ours();
    }
  };
}

const FAILED = 'missedCallText has failed: phones show our own words for a missed call';

/** In the language of the phone, else in English. */
export function missedCallText({ locale, callerName, kind }: MissedCall): MissedCallText {
  const { missed, from } = wordsFor(locale);
  if (callerName === undefined) return { body: missed[kind] };
  return { body: from[kind].replace(NAME, () => isolated(callerName)) };
}

/** Look-up of RFC 4647, section 3.4, with the script that goes without saying: `zh-TW` is `zh-Hant`. */
function wordsFor(locale: string | undefined): MissedCallWords {
  try {
    const { language, script } = new Intl.Locale(locale?.replaceAll('_', '-') ?? 'en').maximize();
    const known = language === 'no' || language === 'nn' ? 'nb' : language;
    return MISSED_CALL_WORDS[`${known}-${script}`] ?? MISSED_CALL_WORDS[known] ?? ENGLISH;
  } catch {
    return ENGLISH;
  }
}

const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}]/u;

/** A name that may be written in the other direction than what is around it. */
const isolated = (name: string): string =>
  RIGHT_TO_LEFT.test(name) ? `\u2068${name}\u2069` : name;

function checked(theirs: unknown): MissedCallText {
  if (typeof theirs !== 'object' || theirs === null) throw new TypeError(SHAPE);
  const { title, body, badge } = theirs as Record<string, unknown>;
  const isRight =
    isText(body) &&
    (title === undefined || isText(title)) &&
    (badge === undefined || (Number.isSafeInteger(badge) && (badge as number) >= 0));
  if (!isRight) throw new TypeError(SHAPE);
  return {
    ...(title !== undefined && { title: title as string }),
    body,
    ...(badge !== undefined && { badge: badge as number }),
  };
}

const SHAPE = `it must answer undefined or {title?, body, badge?}, each text of 1 to ${TEXT_MAX_CHARACTERS} characters`;

const isText = (value: unknown): value is string =>
  typeof value === 'string' &&
  value.trim() !== '' &&
  value.length <= TEXT_MAX_CHARACTERS &&
  value.isWellFormed();
