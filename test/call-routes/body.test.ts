// The bodies are checked by hand and described by schemas: the two have to say the same.
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SwitchboardError } from '../../src/base/errors.ts';
import type { UserId } from '../../src/base/ids.ts';
import {
  calleesIn,
  callIdIn,
  contextIn,
  dataIn,
  deviceIn,
  installationIn,
  membersOf,
  oneOfIn,
  optionalDeviceIn,
  yesOrNoIn,
} from '../../src/routes/calls/body.ts';
import {
  ACCEPT,
  ALERTING,
  DECLINE,
  END,
  INVITE,
  LEAVE,
  PLACE,
} from '../../src/routes/calls/body-schemas.ts';

const ALICE = 'alice' as UserId;
const ID = '0a1b2c3d-0000-4000-8000-00000000abcd';

/** What is wrong, or the value. */
function said(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    if (error instanceof SwitchboardError && error.code === 'request_invalid') return error.message;
    throw error;
  }
}

describe('callees', () => {
  const read = (callees: unknown, max = 3) => said(() => calleesIn({ callees }, ALICE, max));

  it('are uids, each once, without the caller', () => {
    expect(read(['bob', ' B ', 'ü'.repeat(128)])).toEqual(['bob', ' B ', 'ü'.repeat(128)]);
  });

  it.each<[string, unknown, RegExp]>([
    ['none', [], /^callees must be a list/],
    ['absent', undefined, /^callees must be a list/],
    ['one text', 'bob', /^callees must be a list/],
    ['a number', [7], /one is no text\.$/],
    ['empty', [''], /one must not be empty\.$/],
    ['too long', ['x'.repeat(129)], /at most 128 characters, and is 129\.$/],
    ['longer than LiveKit can carry', ['€'.repeat(86)], /at most 256 bytes/],
    ['with a line break', ['bob\n'], /must not hold control characters/],
    ['with half a character', ['\ud83d'], /lone surrogates/],
    ['oneself', ['bob', 'alice'], /nobody calls themselves\.$/],
    ['twice the same', ['bob', 'bob'], /each uid once\.$/],
    ['too many', ['a', 'b', 'c', 'd'], /^callees must be at most 3: a call has 4 people/],
  ])('are not %s', (_what, callees, fault) => {
    expect(read(callees)).toMatch(fault);
  });
});

describe('the other members', () => {
  it('may be null in place of absent', () => {
    const nothing = { deviceId: null, callId: null, context: null, data: null, takeOver: null };
    expect([
      optionalDeviceIn(nothing),
      callIdIn(nothing, 'callId'),
      contextIn(nothing),
      dataIn(nothing),
      yesOrNoIn(nothing, 'takeOver'),
      oneOfIn(nothing, 'kind', ['audio']),
    ]).toEqual([undefined, undefined, undefined, undefined, false, undefined]);
    expect(said(() => deviceIn(nothing))).toMatch(/^deviceId is required/);
  });

  it('are only what the body holds itself', () => {
    expect(said(() => oneOfIn(membersOf(JSON.parse('{}')), 'toString', ['x']))).toBeUndefined();
    for (const body of [null, [], 'x', 7]) {
      expect(said(() => membersOf(body))).toBe('The body must be a JSON object.');
    }
    expect(membersOf(undefined)).toEqual({});
  });

  it.each(['', 'x'.repeat(129), 7, 'a\0', 'a\n', '\udc00'])(
    'no device is called %j',
    (deviceId) => {
      expect(said(() => deviceIn({ deviceId }))).toMatch(/^deviceId must be a text of 1 to 128/);
    },
  );

  it('a device may have a name of as many characters as that', () => {
    const deviceId = 'x'.repeat(128);
    expect(deviceIn({ deviceId })).toBe(deviceId);
  });

  it('a call is known in any case', () => {
    expect(callIdIn({ callId: ID.toUpperCase() }, 'callId')).toBe(ID);
    for (const callId of ['', ID.slice(1), `${ID}0`, `{${ID}}`, 7, ID.replace('a', 'g')]) {
      expect(said(() => callIdIn({ callId }, 'callId'))).toBe('callId must be a UUID.');
    }
  });

  it('a context is as a room’s name', () => {
    expect(contextIn({ context: ' chat-1 ' })).toBe(' chat-1 ');
    expect(contextIn({ context: 'x'.repeat(256) })).toHaveLength(256);
    for (const context of ['', 'x'.repeat(257), 'a\0b', 'a\u2028', '\ud800', 7]) {
      expect(said(() => contextIn({ context }))).toMatch(/^context must/);
    }
  });
});

describe('data', () => {
  it.each([0, false, '', [], {}, [null], { a: [1, 'ü', { b: null }] }, 'x'.repeat(4_094)])(
    'is any JSON: %j',
    (data) => {
      expect(dataIn({ data })).toBe(JSON.stringify(data));
    },
  );

  it.each([
    ['longer than 4 KiB', 'x'.repeat(4_095), /at most 4096 bytes/],
    ['as long in UTF-8', 'ü'.repeat(2_048), /at most 4096 bytes/],
    ['with NUL', { a: ['\0'] }, /NUL/],
    ['with NUL in a name', { 'a\0': 1 }, /NUL/],
    ['with half a character', [{ a: '\ud83d' }], /lone surrogates/],
  ])('is nothing %s', (_what, data, fault) => {
    expect(said(() => dataIn({ data }))).toMatch(fault);
  });

  it('may be as deep as it is long, and no deeper', () => {
    const nested = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
    expect(dataIn({ data: nested(2_048) })).toHaveLength(4_096);
    for (const levels of [2_049, 30_000]) {
      expect(said(() => dataIn({ data: nested(levels) }))).toMatch(/at most 4096 bytes/);
    }
  });

  it('that is taken is the same as it was', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (data) => {
        const text = said(() => dataIn({ data }));
        if (typeof text !== 'string' || /^data must/.test(text)) return;
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(data)));
      }),
    );
  });
});

describe('what a schema refuses, the reader refuses', () => {
  const ajv = new Ajv({ allowUnionTypes: true });
  ajv.addFormat('uuid', /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i);
  const text = fc.oneof(
    fc.constantFrom('bob', 'carol', 'alice', '', 'audio', 'busy', 'x'.repeat(129), ID),
    fc.string({ unit: 'binary', maxLength: 10 }),
  );
  const value = fc.oneof(
    text,
    fc.array(text, { maxLength: 4 }),
    fc.constantFrom(null, true, false, 0, {}, [], ['bob'], [7]),
  );
  const bodyOf = ({ properties }: { properties: object }) =>
    fc.dictionary(fc.constantFrom(...Object.keys(properties)), value);

  it.each<[string, { properties: object }, (body: Record<string, unknown>) => void]>([
    [
      'place',
      PLACE,
      (body) => {
        calleesIn(body, ALICE, 31);
        if (oneOfIn(body, 'kind', ['audio', 'video']) === undefined) membersOf(null);
        deviceIn(body);
        callIdIn(body, 'callId');
        contextIn(body);
        dataIn(body);
        installationIn(body);
      },
    ],
    [
      'accept',
      ACCEPT,
      (body) => {
        deviceIn(body);
        callIdIn(body, 'instead');
        yesOrNoIn(body, 'takeOver');
        installationIn(body);
      },
    ],
    [
      'decline',
      DECLINE,
      (body) => {
        oneOfIn(body, 'reason', ['declined', 'busy', 'timeout']);
        installationIn(body);
      },
    ],
    [
      'leave',
      LEAVE,
      (body) => {
        optionalDeviceIn(body);
        installationIn(body);
      },
    ],
    ['end', END, (body) => installationIn(body)],
    ['alerting', ALERTING, (body) => installationIn(body)],
    ['invite', INVITE, (body) => calleesIn(body, ALICE, 31)],
  ])('%s', (_name, schema, read) => {
    const fits = ajv.compile(schema);
    fc.assert(
      fc.property(bodyOf(schema), (body) => {
        if (!fits(body)) expect(() => read(body)).toThrow(SwitchboardError);
      }),
    );
  });
});
