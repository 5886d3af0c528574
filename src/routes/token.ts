// POST /livekit-token: identity and access are known here, a LiveKit token goes out.
import { andThen } from '../base/and-then.ts';
import { SwitchboardError } from '../base/errors.ts';
import type { RoomName } from '../base/ids.ts';
import type { RoomPermissions } from '../base/permissions.ts';
import type { User } from '../base/user.ts';
import { arrivalOf } from '../http/arrival.ts';
import { jsonBody } from '../http/body-kinds.ts';
import { PROBLEM_RESPONSES } from '../http/problem-schema.ts';
import { type Admit, type Route, route } from '../http/routes.ts';
import { createTokenMembers, TOKEN_MEMBERS_SCHEMA } from './token-members.ts';
import {
  readTokenRequest,
  TOKEN_REQUEST_MAX_BYTES,
  TOKEN_REQUEST_SCHEMA,
} from './token-request.ts';

/** What this route needs of the access room. */
export type AskAccess = (request: {
  user: User;
  roomName: RoomName;
}) => RoomPermissions | Promise<RoomPermissions>;

/** What this route needs of the tokens room. */
export type Mint = (request: { user: User; roomName: RoomName; permissions: RoomPermissions }) => {
  token: string;
  expiresAt: Date;
};

const TOKEN_ANSWER_SCHEMA = {
  type: 'object',
  required: ['token', 'participant_token', 'expires_at'],
  properties: TOKEN_MEMBERS_SCHEMA,
};

export const tokenPathUnder = (basePath: string): string => `${basePath}/livekit-token`;

export function tokenRoute(options: {
  path: string;
  admit: Admit;
  access: AskAccess;
  /** Undefined: the LiveKit keys are not configured. */
  mint: Mint | undefined;
  /** For the log, where there is none. */
  whyNoMint: string;
  serverUrl: string | undefined;
  onMinted: () => void;
}): Route {
  const { access, mint, onMinted } = options;
  const tokenMembers = createTokenMembers(options.serverUrl);

  function answerWith(user: User, roomName: RoomName, permissions: RoomPermissions): string {
    if (mint === undefined) {
      throw new SwitchboardError(
        'livekit_not_configured',
        'LiveKit server keys are not configured.',
        { cause: { message: options.whyNoMint } },
      );
    }
    const minted = mint({ user, roomName, permissions });
    onMinted();
    return `{${tokenMembers(minted)}}`;
  }

  return route({
    method: 'POST',
    path: options.path,
    admit: options.admit,
    body: jsonBody({ maxBytes: TOKEN_REQUEST_MAX_BYTES }),
    schema: {
      summary: 'A LiveKit token for the caller and one room',
      description:
        'Takes a Firebase ID token (`Authorization: Bearer …`) and a room, and answers a LiveKit ' +
        'access token to join, publish and subscribe. Also LiveKit’s standard token endpoint.',
      security: [{ firebaseIdToken: [] }],
      consumes: ['application/json'],
      body: TOKEN_REQUEST_SCHEMA,
      response: { 200: TOKEN_ANSWER_SCHEMA, ...PROBLEM_RESPONSES },
    },
    answer(request, { body }) {
      const user = request.user as User;
      const roomName = readTokenRequest(body, user.uid);
      const { exchange } = arrivalOf(request.raw);
      return andThen(access({ user, roomName }), (permissions) =>
        // No token for nobody.
        exchange.isOver ? '' : answerWith(user, roomName, permissions),
      );
    },
  });
}
