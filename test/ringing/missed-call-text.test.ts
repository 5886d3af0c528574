// "Missed call", in the language of the phone or in the host's own words.
import { describe, expect, it } from 'vitest';
import {
  createMissedCallTexts,
  type MissedCall,
  type MissedCallTextOf,
  missedCallText,
} from '../../src/ringing/missed-call-text.ts';
import { MISSED_CALL_WORDS } from '../../src/ringing/missed-call-words.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createFakeLog } from '../fakes/log.ts';

const bodyIn = (locale?: string, more: Partial<MissedCall> = {}) =>
  missedCallText({ ...(locale !== undefined && { locale }), kind: 'audio', ...more }).body;

describe('the language', () => {
  it.each([
    ['de', 'Verpasster Anruf'],
    ['de-AT', 'Verpasster Anruf'],
    ['DE_at', 'Verpasster Anruf'],
    ['fr-Latn-CA-x-app', 'Appel manqué'],
    ['pt-BR', 'Chamada perdida'],
    ['in', 'Panggilan tak terjawab'],
    ['iw-IL', 'שיחה שלא נענתה'],
    ['no', 'Tapt anrop'],
    ['nn-NO', 'Tapt anrop'],
    ['zh', '未接来电'],
    ['zh-CN', '未接来电'],
    ['zh-Hant-CN', '未接來電'],
    ['zh_TW', '未接來電'],
    ['zh-HK', '未接來電'],
  ])('of %s', (locale, body) => {
    expect(bodyIn(locale)).toBe(body);
  });

  it.each([undefined, '', 'x', 'tlh', 'not a language', '💥', 'constructor', '__proto__'])(
    'is English where the phone says %s',
    (locale) => {
      expect(bodyIn(locale)).toBe('Missed call');
    },
  );

  it('is one of at least those that phones are set to most', () => {
    const wanted = 'en de fr es pt it nl pl tr ru uk ar hi bn id ja ko zh-Hans zh-Hant vi'.split(
      ' ',
    );
    expect(Object.keys(MISSED_CALL_WORDS)).toEqual(expect.arrayContaining(wanted));
  });
});

describe.each(Object.keys(MISSED_CALL_WORDS))('in %s', (locale) => {
  it('every text is another, and has the name in its place once', () => {
    const of = (more: Partial<MissedCall>) => bodyIn(locale, more);
    const texts = [
      of({}),
      of({ kind: 'video' }),
      of({ callerName: 'Zoë $& {name}' }),
      of({ kind: 'video', callerName: 'Zoë $& {name}' }),
    ];
    expect(new Set(texts).size).toBe(4);
    expect(texts.map((text) => text.split('Zoë $& {name}').length - 1)).toEqual([0, 0, 1, 1]);
    expect(texts.every((text) => text === text.trim() && text.isWellFormed())).toBe(true);
    expect(texts.slice(0, 2).join()).not.toContain('{');
  });
});

it('a name that is written from right to left turns nothing around it', () => {
  expect(bodyIn('tr', { callerName: 'مها' })).toBe('\u2068مها\u2069 kişisinden cevapsız arama');
});

describe('the host', () => {
  const MISSED: MissedCall = {
    locale: 'de',
    callerName: 'Alice',
    kind: 'video',
    context: 'chat-7',
  };
  const OURS = { body: 'Verpasster Videoanruf von Alice' };
  const clock = createFakeClock();
  const asked = (host: MissedCallTextOf, saysWho = true) => {
    const log = createFakeLog();
    return { log, textFor: createMissedCallTexts({ host, saysWho, clock, log }) };
  };

  it('has its own words, and a number for the app’s icon', async () => {
    const seen: MissedCall[] = [];
    const { textFor } = asked((missed) => {
      seen.push(missed);
      return { title: 'Alice', body: 'wollte dich sehen', badge: 3, more: 'left out' } as never;
    });
    expect(await textFor(MISSED)).toEqual({ title: 'Alice', body: 'wollte dich sehen', badge: 3 });
    expect(seen).toEqual([MISSED]);
  });

  it('may have to ask its database first', async () => {
    const { textFor } = asked(async () => ({ body: 'late' }));
    expect(await textFor(MISSED)).toEqual({ body: 'late' });
  });

  it('leaves it to ours with undefined', async () => {
    const { textFor, log } = asked(() => undefined);
    expect(await textFor(MISSED)).toEqual(OURS);
    expect(log.lines).toEqual([]);
  });

  const nonsense = [
    null,
    'text',
    {},
    { body: '' },
    { body: ' ' },
    { body: 'x'.repeat(257) },
    { body: 'half \ud83d' },
    { body: 7 },
    { body: 'b', title: 7 },
    { body: 'b', badge: -1 },
    { body: 'b', badge: 0.5 },
    { body: 'b', badge: Number.NaN },
    { body: 'b', badge: '3' },
  ];
  it.each(nonsense)('that answers %j is not believed, and told of it once', async (answer) => {
    const { textFor, log } = asked(() => answer as never);
    expect([await textFor(MISSED), await textFor(MISSED)]).toEqual([OURS, OURS]);
    expect(log.lines).toMatchObject([{ level: 'error' }]);
  });

  it.each([
    () => {
      throw new Error('a bug of the host');
    },
    async () => {
      throw new Error('a bug of the host');
    },
  ])('that throws has our words shown, and is told of it once', async (host) => {
    const { textFor, log } = asked(host);
    expect([await textFor(MISSED), await textFor(MISSED)]).toEqual([OURS, OURS]);
    expect(log.lines).toMatchObject([{ level: 'error' }]);
  });

  it('that never answers is waited for one second', async () => {
    const { textFor } = asked(() => new Promise(() => {}));
    const text = textFor(MISSED);
    clock.advance(1_000);
    expect(await text).toEqual(OURS);
  });

  it('knows the caller though our own words must not say who it was', async () => {
    const seen: MissedCall[] = [];
    const { textFor } = asked((missed) => void seen.push(missed), false);
    expect(await textFor(MISSED)).toEqual({ body: 'Verpasster Anruf' });
    expect(seen).toEqual([MISSED]);
  });
});
