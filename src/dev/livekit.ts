// Which LiveKit server development mode talks to: one that answers already, or one of its own.
import type { Clock } from '../base/clock.ts';
import { LIVEKIT_PORT, type LiveKitTarget } from './dev-config.ts';
import { canBuildLiveKit, GO_VERSION } from './livekit-binary.ts';
import { type LiveKitServer, startLiveKitServer, whoAnswers } from './livekit-server.ts';

const UDP_PORT = 7882;

/** What to do about it. */
export const noLiveKitServer = (canBuild = canBuildLiveKit()): string =>
  canBuild
    ? `no LiveKit server: run \`npm run livekit\` once (needs Go ${GO_VERSION}), ` +
      'or set LIVEKIT_SERVER to the path of one'
    : 'no LiveKit server: install livekit-server ' +
      '(https://docs.livekit.io/transport/self-hosting/local/), ' +
      'or set LIVEKIT_SERVER to the path of one';

export interface LiveKit {
  /** What a person is told. */
  readonly sentence: string;
  /** Only where it was started here. */
  readonly server?: LiveKitServer;
}

/** Never rejects: without a LiveKit server there are tokens still. */
export async function provideLiveKit(parts: {
  target: LiveKitTarget;
  binary: string | undefined;
  /** Where its webhooks go. */
  webhookUrl?: string;
  clock: Clock;
  signal?: AbortSignal;
}): Promise<LiveKit> {
  const { target, binary, webhookUrl, clock, signal } = parts;
  const answer = await whoAnswers(target.url);
  if (!target.own) {
    return {
      sentence: `${target.url} (LIVEKIT_URL)${answer === 'livekit' ? '' : ' does not answer'}`,
    };
  }
  if (answer === 'livekit') {
    return {
      sentence:
        `${target.url}, which was running already; it must know the key ${target.apiKey} ` +
        `with the secret of livekit-server --dev`,
    };
  }
  if (answer === 'something else') {
    return { sentence: `port ${LIVEKIT_PORT} is taken by something that is no LiveKit server` };
  }
  if (binary === undefined) return { sentence: noLiveKitServer() };
  const { apiKey, apiSecret, address } = target;
  try {
    const server = await startLiveKitServer({
      binary,
      port: LIVEKIT_PORT,
      udpPort: UDP_PORT,
      apiKey,
      apiSecret,
      address,
      webhookUrl,
      clock,
      signal,
    });
    return { sentence: `${target.url}, started from ${binary}`, server };
  } catch (error) {
    return { sentence: `${binary} could not be started: ${(error as Error).message}` };
  }
}
