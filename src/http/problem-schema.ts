import Type from 'typebox';
import { ERROR_CODES } from '../errors.ts';

const Problem = Type.Object(
  {
    error: Type.String({ description: 'A sentence for people; it may change.' }),
    code: Type.String({ enum: [...ERROR_CODES], description: 'Stable; decide by this.' }),
    requestId: Type.String({ description: 'The same as the X-Request-Id header and in the log.' }),
  },
  { description: 'What was wrong.' },
);

/** Every error answer of the whole surface has this shape. */
export const PROBLEM_RESPONSES = { '4xx': Problem, '5xx': Problem } as const;
