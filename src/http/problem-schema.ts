import { ERROR_CODES } from '../base/errors.ts';

const PROBLEM = {
  type: 'object',
  description: 'What was wrong.',
  required: ['error', 'code', 'requestId'],
  properties: {
    error: { type: 'string', description: 'A sentence for people; it may change.' },
    code: { type: 'string', enum: ERROR_CODES, description: 'Stable; decide by this.' },
    callId: {
      type: 'string',
      format: 'uuid',
      description: 'The other call that it is about, where it is about one.',
    },
    requestId: {
      type: 'string',
      description: 'The same as the X-Request-Id header and in the log.',
    },
  },
};

/** Every error answer of the whole surface has this shape. */
export const PROBLEM_RESPONSES = { '4xx': PROBLEM, '5xx': PROBLEM };
