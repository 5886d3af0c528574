// Devices in the API's description; tests hold it against what body.ts takes.
import { PLATFORMS, TARGET_KINDS } from '../../ringing/device.ts';
import { SERVER_TIME } from '../calls/schemas.ts';
import { LOCALE_MAX_CHARACTERS, VALUES } from './body.ts';

const platform = { type: 'string', enum: PLATFORMS } as const;
const kind = { type: 'string', enum: TARGET_KINDS } as const;

/** Each kind as a schema of its own: what its values look like, and what may stand beside. */
const PUSH = {
  type: 'object',
  required: ['kind', 'value'],
  properties: {
    kind,
    value: {
      type: 'string',
      description: TARGET_KINDS.map((name) => `\`${name}\`: ${VALUES[name].saysSo}`).join('; '),
    },
    sandbox: {
      type: ['boolean', 'null'],
      description: 'Of `apns` and `apns_voip`: of an app that was installed by Xcode.',
    },
  },
} as const;

export const PUT_DEVICE = {
  type: 'object',
  required: ['platform', 'pushes'],
  properties: {
    platform,
    pushes: {
      type: 'array',
      minItems: 1,
      maxItems: TARGET_KINDS.length,
      items: PUSH,
      description: 'Each kind at most once; `apns` and `apns_voip` of `ios` alone.',
    },
    locale: {
      type: ['string', 'null'],
      maxLength: LOCALE_MAX_CHARACTERS,
      description: 'BCP 47, for texts that the server words: a missed call.',
    },
  },
} as const;

export const DEVICE_ANSWER = {
  type: 'object',
  required: ['device', 'serverTime'],
  properties: {
    device: {
      type: 'object',
      required: ['installationId', 'platform', 'pushes'],
      properties: {
        installationId: { type: 'string', description: 'As the path has it.' },
        platform,
        pushes: {
          type: 'array',
          items: {
            type: 'object',
            required: ['kind', 'isServed'],
            properties: {
              kind,
              isServed: {
                type: 'boolean',
                description:
                  'Whether this server has what sends to such values. It is kept anyway.',
              },
            },
          },
        },
      },
    },
    serverTime: SERVER_TIME,
  },
} as const;
