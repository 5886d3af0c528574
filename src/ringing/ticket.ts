// What a ring push carries, so that a phone without a Firebase token can ask about its call and
// decline. It keeps no state and never goes into a log.
import {
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto';
import type { CallId, InstallationId, UserId } from '../base/ids.ts';

export const TICKET_PREFIX = 'swt_';
/** A ticket is good for as long as the ring, and so much longer: whoever comes late is told what became of it. */
export const TICKET_AFTER_RING_MS = 60_000;

export interface Tickets {
  /** `endsAt`: of the ticket, in ms. */
  issue(about: {
    readonly callId: CallId;
    readonly uid: UserId;
    readonly installation: InstallationId;
    readonly endsAt: number;
  }): string;
  /** Never throws, whatever the text. `now`: in ms. */
  read(
    text: string,
    now: number,
  ): { readonly ticket: Ticket } | { readonly fault: 'invalid' | 'expired' };
}

/** It names nobody: a person and an installation are held against it. */
export interface Ticket {
  readonly callId: CallId;
  readonly endsAt: number;
  /** The same in all tickets of this call for this person and installation; it says nothing of either. */
  readonly holder: string;
  isOf(uid: UserId): boolean;
  isFor(installation: InstallationId): boolean;
}

const VERSION = 1;
const CALL_BYTES = 16;
const END_BYTES = 6;
const NAME_BYTES = 16;
const SIGNATURE_BYTES = 32;
const AT = {
  call: 1,
  end: 1 + CALL_BYTES,
  uid: 1 + CALL_BYTES + END_BYTES,
  installation: 1 + CALL_BYTES + END_BYTES + NAME_BYTES,
  signature: 1 + CALL_BYTES + END_BYTES + 2 * NAME_BYTES,
};
const BYTES = AT.signature + SIGNATURE_BYTES;
// 87 bytes are 116 characters without a bit to spare: no two texts are the same ticket.
const FORM = new RegExp(`^${TICKET_PREFIX}[A-Za-z0-9_-]{${(BYTES * 4) / 3}}$`);

/** With the secret of LiveKit's API key; `previousSecret`: while one takes the other's place. */
export function createTickets(secrets: {
  readonly secret: string;
  readonly previousSecret?: string | undefined;
}): Tickets {
  const keys = keysOf(secrets.secret);
  const accepted =
    secrets.previousSecret === undefined ? [keys] : [keys, keysOf(secrets.previousSecret)];
  return {
    issue({ callId, uid, installation, endsAt }) {
      const body = Buffer.alloc(AT.signature);
      body.writeUInt8(VERSION, 0);
      body.write(callId.replaceAll('-', ''), AT.call, 'hex');
      body.writeUIntBE(Math.floor(endsAt), AT.end, END_BYTES);
      const call = body.subarray(AT.call, AT.end);
      nameFor(keys, call, `uid:${uid}`).copy(body, AT.uid);
      nameFor(keys, call, `installation:${installation}`).copy(body, AT.installation);
      const bytes = Buffer.concat([body, macOf(keys.signing, body)]);
      return TICKET_PREFIX + bytes.toString('base64url');
    },
    read(text, now) {
      if (!FORM.test(text)) return { fault: 'invalid' };
      const bytes = Buffer.from(text.slice(TICKET_PREFIX.length), 'base64url');
      const body = bytes.subarray(0, AT.signature);
      const signature = bytes.subarray(AT.signature);
      const signer = accepted.find(({ signing }) =>
        timingSafeEqual(macOf(signing, body), signature),
      );
      if (signer === undefined || body[0] !== VERSION) return { fault: 'invalid' };
      const ticket = ticketIn(body, signer);
      return ticket.endsAt > now ? { ticket } : { fault: 'expired' };
    },
  };
}

function ticketIn(body: Buffer, keys: Keys): Ticket {
  const call = body.subarray(AT.call, AT.end);
  const holds = (at: number, name: string) =>
    timingSafeEqual(nameFor(keys, call, name), body.subarray(at, at + NAME_BYTES));
  return {
    callId: call.toString('hex').replace(UUID, '$1-$2-$3-$4-$5') as CallId,
    endsAt: body.readUIntBE(AT.end, END_BYTES),
    holder: body.toString('base64url', AT.uid),
    isOf: (uid) => holds(AT.uid, `uid:${uid}`),
    isFor: (installation) => holds(AT.installation, `installation:${installation}`),
  };
}

const UUID = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/;

interface Keys {
  readonly signing: KeyObject;
  readonly naming: KeyObject;
}

function keysOf(secret: string): Keys {
  const key = (use: string) =>
    createSecretKey(
      Buffer.from(hkdfSync('sha256', secret, '', `livekit-switchboard ticket ${use}`, 32)),
    );
  return { signing: key('signature'), naming: key('names') };
}

const macOf = (key: KeyObject, data: Buffer): Buffer =>
  createHmac('sha256', key).update(data).digest();

/** With a key and for one call: whoever guesses a uid can't hold it against a ticket, or one ticket against another. */
const nameFor = ({ naming }: Keys, call: Buffer, name: string): Buffer =>
  createHmac('sha256', naming).update(call).update(name).digest().subarray(0, NAME_BYTES);
