// Questions to other servers. Not `fetch`, which loads all of undici: 13 MB, a tenth of the process.
import type { Agent, AgentOptions, ClientRequest, IncomingMessage } from 'node:http';

export interface Question {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

/**
 * The answer of whoever is at `url`, by the process' own agent, and so by its proxy where it has one
 * (https://nodejs.org/api/http.html#built-in-proxy-support). Follows no redirect.
 *
 * A kept connection that the other side ends just as it is used says nothing about the other side:
 * what was asked over it is asked once more, over a new one. Only for what may be asked twice.
 */
export async function ask(url: string, question: Question): Promise<IncomingMessage> {
  const protocol = url.startsWith('https:') ? 'node:https' : 'node:http';
  const { request, globalAgent, Agent: OfNode } = process.getBuiltinModule(protocol);
  const once = (agent: Agent) => {
    const { method, headers, signal, body } = question;
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const asking = request(url, { agent, method, signal, headers: { ...headers, ...length } });
    asking.end(body);
    return asking;
  };
  const first = once(globalAgent);
  try {
    return await answerTo(first);
  } catch (error) {
    if (!first.reusedSocket || !isCutOff(error)) throw error;
    // An agent of somebody else's making knows by itself what is new.
    const isNodes = globalAgent.constructor === OfNode;
    const { options } = globalAgent as Agent & { options: AgentOptions };
    const fresh = new OfNode({ ...options, keepAlive: false });
    return await answerTo(once(isNodes ? fresh : globalAgent));
  }
}

function answerTo(asking: ClientRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  asking.on('response', resolve).on('error', reject);
  return promise;
}

const isCutOff = (error: unknown): boolean =>
  ['ECONNRESET', 'EPIPE'].includes(String((error as NodeJS.ErrnoException).code));
