// The calls in the API's description, as they go out: made in calls/view.ts; a test holds both together.
import {
  CALL_KINDS,
  CALL_STATES,
  CAUSES,
  OUTCOMES,
  PARTY_STATES,
  REASONS,
} from '../../calls/call.ts';
import { PROBLEM_RESPONSES } from '../../http/problem-schema.ts';
import { TOKEN_MEMBERS_SCHEMA } from '../token-members.ts';

const time = (description: string) =>
  ({ type: 'string', format: 'date-time', description }) as const;
const uuid = (description: string) => ({ type: 'string', format: 'uuid', description }) as const;
const uid = (description: string) => ({ type: 'string', description }) as const;

const partyMembers = {
  role: { type: 'string', enum: ['caller', 'callee'] },
  state: { type: 'string', enum: PARTY_STATES },
} as const;

const PARTY = {
  type: 'object',
  required: ['uid', 'role', 'state'],
  properties: {
    uid: uid('Who.'),
    ...partyMembers,
    name: { type: 'string', description: 'Out of their own ID token.' },
    picture: { type: 'string', description: 'The same; an https address.' },
    isAlerting: {
      type: 'boolean',
      description: 'For the caller, while it rings: a phone of this person has said that it rings.',
    },
  },
} as const;

const reason = { type: 'string', enum: REASONS, description: 'Why it has ended.' } as const;

const ME = {
  type: 'object',
  required: ['role', 'state'],
  description: 'The reader’s own part.',
  properties: {
    ...partyMembers,
    device: { type: 'string', description: 'That holds the seat, or held it last.' },
    ringSeconds: {
      type: 'integer',
      minimum: 0,
      description: 'How much longer to ring; 0: no longer, and an accept still counts.',
    },
    reason,
  },
} as const;

export const CALL = {
  type: 'object',
  required: [
    ...['id', 'version', 'kind', 'isGroup', 'state', 'createdAt', 'caller', 'me', 'parties'],
  ],
  properties: {
    id: uuid('In small letters.'),
    version: {
      type: 'integer',
      description: 'Of the reader’s own: greater after whatever they can see has changed.',
    },
    kind: { type: 'string', enum: CALL_KINDS, description: 'How to ring and what to open with.' },
    context: { type: 'string', description: 'What it is about: a chat’s id.' },
    data: { description: 'Any JSON, as it was placed with.' },
    isGroup: { type: 'boolean' },
    state: { type: 'string', enum: CALL_STATES },
    outcome: {
      type: 'string',
      enum: OUTCOMES,
      description: 'What became of it, for the reader: they may have missed what others answered.',
    },
    reason,
    createdAt: time('When it was placed.'),
    activeAt: time('When it was accepted first.'),
    endedAt: time('When it ended.'),
    talkSeconds: {
      type: 'integer',
      minimum: 0,
      description: 'From the second person’s arrival to the end, where LiveKit has told of it.',
    },
    caller: uid('Who placed it.'),
    reach: {
      type: 'integer',
      minimum: 0,
      description:
        'For the caller, while it rings: to how many of those who are rung there is a way, a ' +
        'device or an open feed. 0: nobody will hear it.',
    },
    me: ME,
    parties: { type: 'array', items: PARTY, description: 'The caller first.' },
  },
} as const;

export const SERVER_TIME = time('Now, by the server’s clock.');

export const ANSWER = {
  type: 'object',
  required: ['call', 'serverTime'],
  properties: { call: CALL, serverTime: SERVER_TIME },
} as const;

export const ENTRY = {
  ...ANSWER,
  description: 'With a LiveKit token, as the token endpoint gives it, while the call lives.',
  properties: { ...ANSWER.properties, ...TOKEN_MEMBERS_SCHEMA },
} as const;

const CURSOR = { type: 'string', description: 'Where to read on from (`after`).' } as const;

/** Of a long poll; a stream has the same, an event each. */
export const FEED = {
  type: 'object',
  required: ['cursor', 'serverTime'],
  description: '`changes` since the cursor, or `calls`: all live ones.',
  properties: {
    cursor: CURSOR,
    serverTime: SERVER_TIME,
    changes: {
      type: 'array',
      items: {
        type: 'object',
        required: ['cursor', 'cause', 'call'],
        properties: {
          cursor: CURSOR,
          cause: { type: 'string', enum: CAUSES, description: 'What has changed last.' },
          call: CALL,
        },
      },
    },
    calls: { type: 'array', items: CALL },
  },
} as const;

export const LIST = {
  type: 'object',
  required: ['calls', 'serverTime'],
  properties: {
    calls: {
      type: 'array',
      items: {
        ...CALL,
        properties: {
          ...CALL.properties,
          direction: { type: 'string', enum: ['incoming', 'outgoing'] },
        },
      },
    },
    next: { type: 'string', description: 'For `after`, where there is another page.' },
    serverTime: SERVER_TIME,
  },
} as const;

/** What every route of calls says of itself. */
export const SIGNED_IN = { security: [{ firebaseIdToken: [] }] };

/** And those that the ticket of a ring is good for. */
export const SIGNED_IN_OR_TICKET = { security: [{ firebaseIdToken: [] }, { ringTicket: [] }] };

export const withBody = (body: object, security: object = SIGNED_IN) => ({
  ...security,
  consumes: ['application/json'],
  body,
});

export const REFUSALS = PROBLEM_RESPONSES;
