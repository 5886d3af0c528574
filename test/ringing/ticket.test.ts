// Tickets: what is read from one, and that nobody makes, changes or reads one without the secret.
import { createHmac, hkdfSync, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallId, InstallationId, UserId } from '../../src/base/ids.ts';
import { createTickets } from '../../src/ringing/ticket.ts';

const SECRET = 'a-secret-of-livekit-with-enough-letters';
const OTHER_SECRET = 'another-secret-of-livekit-with-letters';
const NOW = 1_790_000_000_000;
const ABOUT = {
  callId: '0f7c3d0a-3a7e-4f0c-9a55-0d2f3f6f1c11' as CallId,
  uid: 'bob' as UserId,
  installation: 'phone-of-bob' as InstallationId,
  endsAt: NOW + 105_000,
};
const tickets = createTickets({ secret: SECRET });

const bytesOf = (text: string) => Buffer.from(text.slice('swt_'.length), 'base64url');
const textOf = (bytes: Buffer) => `swt_${bytes.toString('base64url')}`;
const ticketIn = (text: string, by = tickets) => {
  const read = by.read(text, NOW);
  if ('fault' in read) throw new Error(read.fault);
  return read.ticket;
};

describe('a ticket', () => {
  it('says its call and its end, and whose and for which installation it is', () => {
    const ticket = ticketIn(tickets.issue(ABOUT));
    expect([ticket.callId, ticket.endsAt]).toEqual([ABOUT.callId, ABOUT.endsAt]);
    expect([ticket.isOf(ABOUT.uid), ticket.isFor(ABOUT.installation)]).toEqual([true, true]);
  });

  it('is nobody else’s, and for no other installation', () => {
    const ticket = ticketIn(tickets.issue({ ...ABOUT, installation: 'bob' as InstallationId }));
    expect(ticket.isOf('bobby' as UserId)).toBe(false);
    expect(ticket.isOf('' as UserId)).toBe(false);
    expect(ticket.isFor('bo' as InstallationId)).toBe(false);
    const same = ticketIn(tickets.issue({ ...ABOUT, uid: 'phone' as UserId }));
    expect(same.isOf(ABOUT.installation as string as UserId)).toBe(false);
  });

  it('is good until its end, and out of time from then on', () => {
    const text = tickets.issue(ABOUT);
    expect(tickets.read(text, ABOUT.endsAt - 1)).toHaveProperty('ticket');
    expect(tickets.read(text, ABOUT.endsAt)).toEqual({ fault: 'expired' });
  });

  it('has at most 200 bytes, whatever uid and installation', () => {
    const long = '🧿'.repeat(128);
    const text = tickets.issue({ ...ABOUT, uid: long as UserId, installation: long as never });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(200);
    expect(ticketIn(text).isOf(long as UserId)).toBe(true);
  });

  it('is read again for any call, person, installation and time', () => {
    const name = fc.string({ minLength: 1, maxLength: 128, unit: 'grapheme' });
    const end = fc.integer({ min: NOW + 1, max: 2 ** 48 - 1 });
    fc.assert(
      fc.property(fc.uuid(), name, name, end, (callId, uid, installation, endsAt) => {
        const about = { callId, uid, installation, endsAt } as typeof ABOUT;
        const ticket = ticketIn(tickets.issue(about));
        expect([ticket.callId, ticket.endsAt]).toEqual([callId, endsAt]);
        expect(ticket.isOf(about.uid) && ticket.isFor(about.installation)).toBe(true);
        expect(ticket.isOf(`${uid}x` as UserId)).toBe(false);
      }),
    );
  });
});

describe('a ticket of another secret', () => {
  const text = createTickets({ secret: OTHER_SECRET }).issue(ABOUT);

  it('is none', () => {
    expect(tickets.read(text, NOW)).toEqual({ fault: 'invalid' });
  });

  it('is read while that secret is the previous one', () => {
    const rotated = createTickets({ secret: SECRET, previousSecret: OTHER_SECRET });
    const ticket = ticketIn(text, rotated);
    expect(ticket.isOf(ABOUT.uid) && ticket.isFor(ABOUT.installation)).toBe(true);
    expect(ticketIn(tickets.issue(ABOUT), rotated).isOf(ABOUT.uid)).toBe(true);
    // A new ticket is never of the secret that goes.
    expect(ticketIn(rotated.issue(ABOUT)).isOf(ABOUT.uid)).toBe(true);
  });
});

describe('what nobody has issued', () => {
  it('is refused in each byte that is changed', () => {
    const bytes = bytesOf(tickets.issue(ABOUT));
    for (let at = 0; at < bytes.length; at += 1) {
      const forged = Buffer.from(bytes);
      forged[at] = (forged[at] as number) ^ 1;
      expect(tickets.read(textOf(forged), NOW)).toEqual({ fault: 'invalid' });
    }
  });

  it('is refused where a character is changed, missing, or one too many', () => {
    const text = tickets.issue(ABOUT);
    for (let at = 0; at < text.length; at += 1) {
      const other = text[at] === 'A' ? 'B' : 'A';
      for (const instead of [other, '', `${text[at]}A`, '=', '+', '\0']) {
        const forged = text.slice(0, at) + instead + text.slice(at + 1);
        expect(tickets.read(forged, NOW)).toEqual({ fault: 'invalid' });
      }
    }
    expect(tickets.read(`${text}\n`, NOW)).toEqual({ fault: 'invalid' });
    expect(tickets.read(text.toUpperCase(), NOW)).toEqual({ fault: 'invalid' });
  });

  it('is refused in the same way when it is out of time too', () => {
    const bytes = bytesOf(tickets.issue({ ...ABOUT, endsAt: NOW - 1 }));
    bytes.writeUIntBE(NOW + 60_000, 17, 6);
    expect(tickets.read(textOf(bytes), NOW)).toEqual({ fault: 'invalid' });
  });

  it('never throws, whatever the text', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary' }).map((text) => `swt_${text}`),
      fc.uint8Array({ minLength: 87, maxLength: 87 }).map((bytes) => textOf(Buffer.from(bytes))),
    );
    fc.assert(
      fc.property(anything, fc.double(), (text, now) => {
        expect(tickets.read(text, now)).toEqual({ fault: 'invalid' });
      }),
    );
  });
});

it('a ticket of a later version is none of ours, though its signature is right', () => {
  const signed = (version: number) => {
    const body = bytesOf(tickets.issue(ABOUT)).subarray(0, -32);
    body[0] = version;
    const info = 'livekit-switchboard ticket signature';
    const key = Buffer.from(hkdfSync('sha256', SECRET, '', info, 32));
    return textOf(Buffer.concat([body, createHmac('sha256', key).update(body).digest()]));
  };
  expect(tickets.read(signed(1), NOW)).toHaveProperty('ticket');
  for (const version of [0, 2, 255]) {
    expect(tickets.read(signed(version), NOW)).toEqual({ fault: 'invalid' });
  }
});

describe('without the secret', () => {
  it('nothing of person and installation can be read', () => {
    const text = tickets.issue(ABOUT);
    const readable = [text, bytesOf(text).toString('latin1'), bytesOf(text).toString('hex')];
    const hidden = [ABOUT.uid, ABOUT.installation].flatMap((name) => [
      name,
      Buffer.from(name).toString('hex'),
      Buffer.from(name).toString('base64url'),
    ]);
    for (const name of hidden) {
      expect(readable.filter((form) => form.includes(name))).toEqual([]);
    }
  });

  it('two tickets can not be told to be of one person', () => {
    const parts = [ABOUT, { ...ABOUT, callId: randomUUID() as CallId }].map((about) => {
      const bytes = bytesOf(tickets.issue(about));
      return [bytes.toString('hex', 23, 39), bytes.toString('hex', 39, 55)];
    });
    expect(new Set(parts.flat()).size).toBe(4);
  });
});
