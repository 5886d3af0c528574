// What hosts may write as the functions among the options. The compiler looks: npm run types.
import type { Request } from 'express';
import { expect, it } from 'vitest';
import type { SwitchboardOptions } from '../../src/settings/options.ts';

type Written<Name extends keyof SwitchboardOptions> = readonly NonNullable<
  SwitchboardOptions[Name]
>[];

it('answer with one word alone, at once or later', async () => {
  const mayRing: Written<'mayRing'> = [async () => 'silent', () => 'silent', async () => true];
  const sendPush: Written<'sendPush'> = [async () => 'handed', () => 'handed'];
  const request = { caller: { uid: 'alice' }, callees: ['bob'], kind: 'audio' } as never;
  const answers = mayRing.map((rule) => rule(request, AbortSignal.timeout(1_000)));
  expect(await Promise.all(answers)).toEqual(['silent', 'silent', true]);
  const sent = sendPush.map((send) => send({} as never, AbortSignal.timeout(1_000)));
  expect(await Promise.all(sent)).toEqual(['handed', 'handed']);
});

it('answer with no word that there is not', () => {
  const wrong: Pick<SwitchboardOptions, 'mayRing' | 'sendPush'> = {
    // @ts-expect-error: no such answer
    mayRing: async () => 'quiet',
    // @ts-expect-error: no such answer
    sendPush: async () => 'sent',
  };
  expect(Object.keys(wrong)).toEqual(['mayRing', 'sendPush']);
});

it('answer a row of a database in which there is no name or no picture', async () => {
  const profileOf: Written<'profileOf'> = [
    async () => ({ name: null, picture: null }),
    () => ({ name: 'Alice', picture: undefined }),
  ];
  const signal = AbortSignal.timeout(1_000);
  const answers = await Promise.all(profileOf.map((of) => of('alice' as never, signal)));
  expect(answers.map((answer) => answer?.name)).toEqual([null, 'Alice']);
});

it('take the request of the framework that the host is written in', () => {
  const options: SwitchboardOptions = {
    userOf: (request: Request) => ({ uid: String(request.get('x-user')) }),
  };
  const request = { get: () => 'alice' } as unknown as Request;
  expect(options.userOf?.(request)).toEqual({ uid: 'alice' });
});
