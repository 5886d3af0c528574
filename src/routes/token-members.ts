// How a LiveKit token stands in an answer: in the spelling of the app and in that of LiveKit's
// SDKs (https://docs.livekit.io/frontends/authentication/tokens/endpoint/).

/** The members of a JSON object, without its braces. */
export type TokenMembers = (minted: { token: string; expiresAt: Date }) => string;

export function createTokenMembers(serverUrl: string | undefined): TokenMembers {
  const serverUrlMember =
    serverUrl === undefined ? '' : `,"server_url":${JSON.stringify(serverUrl)}`;
  // The token is base64url and dots: nothing in it needs escaping, twice.
  return ({ token, expiresAt }) =>
    `"token":"${token}","participant_token":"${token}"${serverUrlMember},"expires_at":"${expiresAt.toISOString()}"`;
}

export const TOKEN_MEMBERS_SCHEMA = {
  token: { type: 'string', description: 'The LiveKit access token (a JWT).' },
  participant_token: {
    type: 'string',
    description: 'The same token, as LiveKit’s SDKs name it.',
  },
  server_url: { type: 'string', description: 'Where to connect, if configured.' },
  expires_at: {
    type: 'string',
    format: 'date-time',
    description: 'Until when it opens the room.',
  },
};
