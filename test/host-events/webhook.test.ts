// One event posted to the host's backend, and what he answers.
import type { lookup } from 'node:dns';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { withDeadline } from '../../src/base/clock.ts';
import type { CallId, UserId } from '../../src/base/ids.ts';
import { PrivateAddressError } from '../../src/base/private-address.ts';
import type { HostCallEvent } from '../../src/events/host/message.ts';
import { createHostTargets, hostTargetIds } from '../../src/events/host/targets.ts';
import { DeliveryError } from '../../src/events/host/webhook.ts';
import { type AccessEndpoint, startAccessEndpoint } from '../access/access-endpoint.ts';
import { createFakeClock, type FakeClock } from '../fakes/clock.ts';

const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
const ID = '0f8fad5b-d9cb-469f-a165-70867728950e' as CallId;
const EVENT: HostCallEvent = {
  id: `evt_${ID}_2`,
  type: 'call.accepted',
  sequence: 2,
  time: '2024-05-01T12:00:00.000Z',
  uid: 'bob' as UserId,
  call: {
    ...{ id: ID, kind: 'audio', isGroup: false, state: 'active' },
    createdAt: '2024-05-01T11:59:50.000Z',
    activeAt: '2024-05-01T12:00:00.000Z',
    caller: 'alice' as UserId,
    parties: [{ uid: 'alice' as UserId, role: 'caller', state: 'joined', name: 'Älice 🎈' }],
  },
};

let endpoint: AccessEndpoint;
let clock: FakeClock;
beforeEach(async () => {
  endpoint = await startAccessEndpoint();
  clock = createFakeClock();
});
afterEach(() => endpoint.close());

interface At {
  url?: string;
  allowedHosts?: readonly string[];
  lookUp?: typeof lookup;
}
function targetAt({ url = endpoint.url, allowedHosts = ['127.0.0.1'], lookUp }: At = {}) {
  const webhooks = { urls: [url], secret: SECRET, allowedHosts };
  const [target] = createHostTargets({ webhooks }, { clock, ...(lookUp && { lookUp }) }).values();
  if (target === undefined) throw new Error('no target');
  return target;
}
const post = (at?: At) =>
  withDeadline(clock, 10_000, (signal) => targetAt(at).deliver(EVENT, signal));
const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => {
      throw new Error('it was taken');
    },
    (error: unknown) => error,
  );

describe('what is posted', () => {
  it('is the event, signed so that the standardwebhooks package accepts it', async () => {
    await post();
    const [question] = endpoint.questions;
    expect(question).toMatchObject({
      method: 'POST',
      headers: { 'content-type': 'application/json', 'webhook-id': EVENT.id },
    });
    const headers = question?.headers as Record<string, string>;
    expect(new Webhook(SECRET).verify(question?.text ?? '', headers)).toEqual(EVENT);
    const tampered = (question?.text ?? '').replace('alice', 'mallory');
    expect(() => new Webhook(SECRET).verify(tampered, headers)).toThrow('No matching signature');
  });

  it('has the same id in every try, and the time of that try', async () => {
    await post();
    clock.advance(90_000);
    await post();
    const sent = endpoint.questions.map(({ headers }) => headers);
    expect(sent.map((headers) => headers['webhook-id'])).toEqual([EVENT.id, EVENT.id]);
    const [first = 0, second = 0] = sent.map((headers) => Number(headers['webhook-timestamp']));
    expect(second - first).toBe(90);
  });
});

describe('the answer', () => {
  it.each([
    ['200', {}],
    ['201 with nothing in it', { status: 201, text: '' }],
    ['204', { status: 204, text: '' }],
    ['202 and a page', { status: 202, text: '<html>thanks</html>' }],
    ['200 and megabytes, which nobody reads', { text: 'x'.repeat(5_000_000) }],
  ])('takes it: %s', async (_, answering) => {
    endpoint.answerWith({ text: 'ok', ...answering });
    await expect(post()).resolves.toBeUndefined();
  });

  it('takes it by its status, however long the rest of it is waited for', async () => {
    endpoint.answerWith('hang-halfway');
    await post();
    clock.advance(2_000);
    await vi.waitFor(async () => expect(await endpoint.open()).toBe(0));
  });

  it.each([400, 401, 404, 408, 409, 410, 413, 429, 500, 502, 503, 504])(
    'does not: %i',
    async (status) => {
      endpoint.answerWith({ status, text: 'no' });
      expect(await failureOf(post())).toMatchObject({
        name: 'DeliveryError',
        message: `it answered ${status}`,
        retryAfterMs: undefined,
      });
    },
  );

  it.each([301, 302, 303, 307, 308])(
    'does not: %i, and nothing goes to where it points',
    async (status) => {
      const other = await startAccessEndpoint();
      endpoint.answerWith({ status, headers: { location: other.url }, text: '' });
      expect(await failureOf(post())).toBeInstanceOf(DeliveryError);
      expect(other.questions).toEqual([]);
      await other.close();
    },
  );

  it('does not where it is an error without an end, which nobody waits for', async () => {
    endpoint.answerWith('endless-error');
    expect(await failureOf(post())).toMatchObject({ message: 'it answered 500' });
    await vi.waitFor(async () => expect(await endpoint.open()).toBe(0));
  });

  it.each([
    ['7', 7_000],
    ['0', 0],
    ['86400', 86_400_000],
    ['soon', undefined],
    ['', undefined],
    ['-3', 0],
  ])('may say when to come again: Retry-After: %s', async (value, retryAfterMs) => {
    endpoint.answerWith({ status: 503, headers: { 'retry-after': value }, text: '' });
    expect(await failureOf(post())).toMatchObject({ retryAfterMs });
  });

  it('may say that as a date', async () => {
    const at = Math.ceil(clock.now() / 1000) * 1000 + 60_000;
    const value = new Date(at).toUTCString();
    endpoint.answerWith({ status: 429, headers: { 'retry-after': value }, text: '' });
    expect(await failureOf(post())).toMatchObject({ retryAfterMs: at - clock.now() });
  });
});

describe('a backend out of reach', () => {
  it('is cut off after 10 s, and not before', async () => {
    endpoint.answerWith('hang');
    const failure = failureOf(post());
    await vi.waitFor(() => expect(endpoint.questions).toHaveLength(1));
    clock.advance(9_999);
    expect(clock.waiting()).toEqual([1]);
    clock.advance(1);
    expect(await failure).toMatchObject({ name: 'DeadlineError' });
    await vi.waitFor(async () => expect(await endpoint.open()).toBe(0));
  });

  it('fails: it closes the connection', async () => {
    endpoint.answerWith('refuse');
    expect(await failureOf(post())).toMatchObject({ code: 'ECONNRESET' });
  });

  it('fails: nobody listens', async () => {
    const gone = await startAccessEndpoint();
    await gone.close();
    expect(await failureOf(post({ url: gone.url }))).toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('a URL that leads inside', () => {
  const inside: typeof lookup = ((_: string, __: object, callback: (...a: unknown[]) => void) =>
    callback(null, [{ address: '127.0.0.1', family: 4 }])) as never;

  it.each([
    ['an address', () => endpoint.url],
    ['an address written as a number', () => endpoint.url.replace('127.0.0.1', '2130706433')],
    ['IPv6 for IPv4', () => endpoint.url.replace('127.0.0.1', '[::ffff:127.0.0.1]')],
    ['metadata', () => 'http://169.254.169.254/latest/meta-data/'],
  ])('is not posted to: %s', async (_, urlOf) => {
    const failure = await failureOf(post({ url: urlOf(), allowedHosts: ['chat.internal'] }));
    expect(failure).toBeInstanceOf(PrivateAddressError);
    expect(endpoint.connections).toBe(0);
  });

  it('is not posted to by a name either, which is looked at when it is connected to', async () => {
    const url = endpoint.url.replace('127.0.0.1', 'chat.example.com');
    const failure = await failureOf(post({ url, allowedHosts: [], lookUp: inside }));
    expect(failure).toBeInstanceOf(PrivateAddressError);
    expect(endpoint.connections).toBe(0);
  });

  it('is posted to where its host is allowed by name', async () => {
    const url = endpoint.url.replace('127.0.0.1', 'localhost');
    await post({ url, allowedHosts: ['localhost'] });
    expect(endpoint.questions).toHaveLength(1);
    await failureOf(post({ url, allowedHosts: ['127.0.0.1', 'ocalhost'] }));
    expect(endpoint.questions).toHaveLength(1);
  });

  it('is not reached over a connection that somebody else holds open to it', async () => {
    const url = endpoint.url.replace('127.0.0.1', 'localhost');
    await post({ url, allowedHosts: ['localhost'] });
    const failure = await failureOf(post({ url, allowedHosts: [] }));
    expect(failure).toBeInstanceOf(PrivateAddressError);
    expect([endpoint.connections, endpoint.questions.length]).toEqual([1, 1]);
  });
});

describe('the function of the host', () => {
  const targetOf = (onCallEvent: (event: HostCallEvent, signal: AbortSignal) => unknown) => {
    const [target] = createHostTargets({ onCallEvent }, { clock }).values();
    if (target === undefined) throw new Error('no target');
    return target;
  };
  const { signal } = new AbortController();

  it('is given the event, and is waited for', async () => {
    const seen: unknown[] = [];
    const target = targetOf(async (event) => {
      await Promise.resolve();
      seen.push(event);
    });
    await target.deliver(EVENT, signal);
    expect(seen).toEqual([EVENT]);
  });

  it('may change what it is given: nobody else sees that', async () => {
    const target = targetOf((event) => {
      (event.call as { state: string }).state = 'mine';
    });
    await target.deliver(EVENT, signal);
    expect(EVENT.call.state).toBe('active');
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
  ])('fails where it %s', async (_, onCallEvent) => {
    await expect(targetOf(onCallEvent).deliver(EVENT, signal)).rejects.toThrow('no');
  });
});

it('a target has a name of its own, in which nothing of its URL can be read', () => {
  const urls = ['https://a.example.com/hook?key=secret', 'https://a.example.com/hook?key=other'];
  const webhooks = { urls, secret: SECRET, allowedHosts: [] };
  const ids = hostTargetIds({ onCallEvent: () => {}, webhooks });
  expect(ids).toEqual(['app', expect.stringMatching(/^[\w-]{12}$/), expect.any(String)]);
  expect(new Set(ids).size).toBe(3);
  expect([...createHostTargets({ onCallEvent: () => {}, webhooks }, { clock }).keys()]).toEqual(
    ids,
  );
  expect(hostTargetIds({})).toEqual([]);
});
