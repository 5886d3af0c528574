// The client's types as an app uses them: a page, React Native, or Node.
import {
  CallsError,
  type CallsErrorCode,
  type CallUpdate,
  type CallView,
  createCallsClient,
  isRinging,
} from 'livekit-switchboard/client';

declare const user: { getIdToken(forceRefresh?: boolean): Promise<string> } | null;
declare function connect(serverUrl: string, token: string): Promise<void>;

const calls = createCallsClient({
  baseUrl: 'https://api.example.com/api/calls',
  getIdToken: (forceRefresh) => user?.getIdToken(forceRefresh),
  fetch,
});

export async function call(uid: string): Promise<CallView> {
  const { call, token, serverUrl } = await calls.place({ callees: [uid], kind: 'audio' });
  if (token !== undefined) await connect(serverUrl, token);
  return call;
}

export async function answer(id: string): Promise<CallsErrorCode | undefined> {
  try {
    const { token, serverUrl } = await calls.accept(id, { takeOver: true });
    await connect(serverUrl, token);
    return undefined;
  } catch (error) {
    if (!(error instanceof CallsError)) throw error;
    if (error.code === 'in_another_call' && error.callId !== undefined) {
      await calls.accept(id, { instead: error.callId });
    }
    return error.code;
  }
}

const phone = ({ call, cause, rings, isHere }: CallUpdate): string =>
  rings && isRinging(call) ? `${call.caller} rings` : `${call.state} ${cause} ${isHere}`;

export const stop: () => void = calls.onCall((update) => void phone(update));
export const history = async (): Promise<string[]> =>
  (await calls.history({ context: 'chat-1' })).calls.map(
    ({ direction, outcome = 'live', createdAt }) => `${direction} ${outcome} ${createdAt}`,
  );

calls.onConnection((connection) => {
  if (connection.state === 'waiting') console.log(connection.error.code, connection.retryInMs);
});
// @ts-expect-error It rings by voice or by video.
calls.place({ callees: ['bob'], kind: 'fax' });
export const change = (view: CallView): void => {
  // @ts-expect-error What was read is not written to.
  view.state = 'ended';
};
