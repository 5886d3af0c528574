// Questions to other servers. Not `fetch`, which loads all of undici: 13 MB, a tenth of the process.
import type { Agent, AgentOptions, ClientRequest, IncomingMessage } from 'node:http';
import type { LookupFunction } from 'node:net';

export interface Question {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** In place of the system's. Its connections are kept apart from those of others. */
  readonly lookup?: LookupFunction | undefined;
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
  const { method, headers, signal, body, lookup } = question;
  const once = (agent: Agent) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const asking = request(url, {
      ...{ agent, method, signal, headers: { ...headers, ...length } },
      ...(lookup !== undefined && { lookup }),
    });
    asking.end(body);
    return asking;
  };
  // An agent of somebody else's making knows by itself what is new, and whom it asks.
  const isNodes = globalAgent.constructor === OfNode;
  const likeIt = (more?: AgentOptions) =>
    new OfNode({ ...(globalAgent as Agent & { options: AgentOptions }).options, ...more });
  const agent = lookup !== undefined && isNodes ? apartFrom(globalAgent, likeIt) : globalAgent;
  const first = once(agent);
  try {
    return await answerTo(first);
  } catch (error) {
    if (!first.reusedSocket || !isCutOff(error)) throw error;
    return await answerTo(once(isNodes ? likeIt({ keepAlive: false }) : globalAgent));
  }
}

const apart = new WeakMap<Agent, Agent>();

function apartFrom(globalAgent: Agent, likeIt: () => Agent): Agent {
  const agent = apart.get(globalAgent) ?? likeIt();
  apart.set(globalAgent, agent);
  return agent;
}

function answerTo(asking: ClientRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  asking.on('response', resolve).on('error', reject);
  return promise;
}

const isCutOff = (error: unknown): boolean =>
  ['ECONNRESET', 'EPIPE'].includes(String((error as NodeJS.ErrnoException).code));
