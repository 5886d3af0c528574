// The body is checked by hand and described by a schema: the two have to say the same.
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SwitchboardError } from '../../src/base/errors.ts';
import { faultOfLiveKitName } from '../../src/base/ids.ts';
import {
  isProtobufEmpty,
  LIVEKIT_NAME_FORMAT,
  PROTOBUF_EMPTY,
  readTokenRequest,
  TOKEN_REQUEST_SCHEMA,
} from '../../src/routes/token-request.ts';

const ajv = new Ajv();
ajv.addFormat(LIVEKIT_NAME_FORMAT, (name: string) => faultOfLiveKitName(name) === undefined);
ajv.addKeyword({
  keyword: PROTOBUF_EMPTY,
  validate: (_: true, value: unknown) => isProtobufEmpty(value),
});
const fitsSchema = ajv.compile(TOKEN_REQUEST_SCHEMA);

/** Whether the body is refused for what it is, and not for what it asks. */
function isReadable(body: unknown): boolean {
  try {
    readTokenRequest(body, 'alice');
    return true;
  } catch (error) {
    const { code, message } = error as SwitchboardError;
    if (!(error instanceof SwitchboardError)) throw error;
    return code === 'identity_mismatch' || /are required|differ/.test(message);
  }
}

const name = fc.oneof(
  fc.constantFrom('room-1', 'alice', '', ' ', 'x'.repeat(256), 'x'.repeat(257), 'ä'.repeat(129)),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const field = fc.oneof(
  { weight: 3, arbitrary: name },
  fc.constantFrom(null, 0, 1, false, true, [], {}, [0], { a: '' }, { a: [1] }),
  fc.jsonValue(),
);
const body = fc.oneof(
  { weight: 9, arbitrary: fc.dictionary(fc.constantFrom(...fields()), field, { maxKeys: 5 }) },
  fc.jsonValue(),
);

function fields(): string[] {
  return [...Object.keys(TOKEN_REQUEST_SCHEMA.properties), 'anything', '__proto__', 'constructor'];
}

describe('the body of the token endpoint', () => {
  it('is refused by the reader wherever the schema refuses it', () => {
    fc.assert(
      fc.property(body, (value) => {
        if (!fitsSchema(value)) {
          expect(() => readTokenRequest(value, 'alice')).toThrow(SwitchboardError);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('is never called unreadable where the schema takes it', () => {
    fc.assert(
      fc.property(body, (value) => {
        if (fitsSchema(value)) expect(isReadable(value)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(Object.keys(TOKEN_REQUEST_SCHEMA.properties))('is judged alike by %s', (key) => {
    const values = ['room-1', '', 'a\u0000b', 'x'.repeat(257), 7, null, [], {}, [1], { a: 'b' }];
    for (const value of values) {
      const asked = { roomName: 'room-1', participantIdentity: 'alice', [key]: value };
      if (!fitsSchema(asked)) expect(() => readTokenRequest(asked, 'alice')).toThrow();
      else expect(isReadable(asked)).toBe(true);
    }
  });
});
