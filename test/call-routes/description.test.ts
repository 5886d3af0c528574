// What the API's description says of answers is what comes.
import { Ajv } from 'ajv';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ANSWER, ENTRY, LIST } from '../../src/routes/calls/schemas.ts';
import { DEVICE_ANSWER } from '../../src/routes/devices/schemas.ts';
import { type CallAnswer, type CallStage, setCallStage } from '../call-stage.ts';

const ajv = new Ajv({ allowUnionTypes: true });
ajv.addFormat('uuid', /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/);
ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

/** The schema with no member that it does not name. */
const strict = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== 'object' || schema === null) return schema;
  const all = Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [name, strict(value)]),
  );
  return 'properties' in all ? { ...all, additionalProperties: false } : all;
};
const answer = ajv.compile(strict(ANSWER) as object);
const entry = ajv.compile(strict(ENTRY) as object);
const list = ajv.compile(strict(LIST) as object);
const device = ajv.compile(strict(DEVICE_ANSWER) as object);

let stage: CallStage;
beforeEach(async () => {
  stage = await setCallStage();
});
afterEach(() => stage.close());

it('from the first ring to the history', async () => {
  const fits = (check: typeof answer, { status, body }: CallAnswer) => {
    check(body);
    expect([status, check.errors ?? []]).toEqual([expect.toSatisfy((s) => s < 300), []]);
    return body;
  };
  fits(device, await stage.register('bob', 'bob-phone'));
  const data = { deep: [null, { er: 1 }] };
  const placed = await stage.place('alice', ['bob', 'carol'], { context: 'chat-1', data });
  const path = `/${placed.call.id}`;
  expect(fits(entry, placed)).toHaveProperty('token');
  fits(answer, await stage.as('bob', 'GET', path));
  expect(placed.call.reach).toBe(1);
  fits(answer, await stage.as('bob', 'POST', `${path}/alerting`));
  const alerted = fits(answer, await stage.as('alice', 'GET', path));
  expect(alerted.call).toMatchObject({ parties: [{}, { uid: 'bob', isAlerting: true }, {}] });
  fits(list, await stage.as('bob', 'GET', '?live=1'));
  expect(fits(entry, await stage.accept('bob', placed.call.id))).toHaveProperty('token');
  fits(answer, await stage.as('carol', 'POST', `${path}/decline`, { reason: 'busy' }));
  fits(answer, await stage.as('bob', 'POST', `${path}/invite`, { callees: ['dave'] }));
  fits(answer, await stage.as('bob', 'POST', `${path}/leave`));
  fits(answer, await stage.as('alice', 'POST', `${path}/end`));
  await stage.place('alice', ['bob']);
  expect(fits(list, await stage.as('alice', 'GET', '?limit=1'))).toHaveProperty('next');
  for (const who of ['alice', 'bob', 'carol', 'dave']) {
    fits(list, await stage.as(who, 'GET', ''));
    fits(answer, await stage.as(who, 'GET', path));
  }
});
