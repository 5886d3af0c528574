// What comes in about calls, in the API's description: checked in body.ts; a test holds both together.
import { CALL_KINDS } from '../../calls/call.ts';
import { NAME_IN_PATH } from '../../http/fields.ts';
import { DATA_MAX_BYTES, DEVICE_MAX_CHARACTERS } from './body.ts';

const device = {
  type: 'string',
  minLength: 1,
  maxLength: DEVICE_MAX_CHARACTERS,
  description: 'One running client: a process on a phone, a tab in a browser.',
} as const;

const installation = {
  type: ['string', 'null'],
  pattern: NAME_IN_PATH.source,
  description: 'The registered installation that asks: no push stops its ring.',
} as const;

const callees = {
  type: 'array',
  minItems: 1,
  uniqueItems: true,
  items: { type: 'string', minLength: 1, maxLength: 128 },
  description: 'Uids of whom to ring; not the caller’s own.',
} as const;

export const PLACE = {
  type: 'object',
  required: ['callees', 'kind', 'deviceId'],
  properties: {
    callees,
    kind: { type: 'string', enum: CALL_KINDS, description: 'How to ring; it forbids nothing.' },
    deviceId: device,
    callId: {
      type: ['string', 'null'],
      format: 'uuid',
      description: 'Of the app’s own making, new for every call; the same for a retry.',
    },
    context: {
      type: ['string', 'null'],
      minLength: 1,
      description:
        'What the call is about, like a chat’s id: 1 to 256 bytes without control characters.',
    },
    data: {
      description: `Any JSON of at most ${DATA_MAX_BYTES} bytes, without NUL and lone surrogates.`,
    },
    installationId: installation,
  },
} as const;

export const ACCEPT = {
  type: 'object',
  required: ['deviceId'],
  properties: {
    deviceId: device,
    takeOver: {
      type: ['boolean', 'null'],
      description: 'Takes the call over from another device of one’s own.',
    },
    instead: {
      type: ['string', 'null'],
      format: 'uuid',
      description: 'The call to leave for this one.',
    },
    installationId: installation,
  },
} as const;

export const DECLINE = {
  type: 'object',
  properties: {
    reason: {
      type: ['string', 'null'],
      enum: ['declined', 'busy', 'timeout', null],
      default: 'declined',
      description: '`timeout`: this phone stopped ringing, which changes nothing.',
    },
    installationId: installation,
  },
} as const;

export const LEAVE = {
  type: 'object',
  properties: {
    deviceId: { ...device, type: ['string', 'null'] },
    installationId: installation,
  },
} as const;

export const END = { type: 'object', properties: { installationId: installation } } as const;

export const ALERTING = {
  type: 'object',
  properties: { installationId: installation },
} as const;

export const INVITE = { type: 'object', required: ['callees'], properties: { callees } } as const;
