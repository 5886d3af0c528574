// HTTPS_PROXY, HTTP_PROXY and NO_PROXY for a process of our own. In a host's it is the host's to say.
export type ProxyEnvironment = Readonly<Record<string, string | undefined>>;

const NAMES = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'] as const;
const ADVICE = 'set NODE_USE_ENV_PROXY=1 too (Node 22.21, 24.5 or newer)';

/**
 * Lets all requests of this process go by the proxies that `env` names, except where NO_PROXY says
 * otherwise. Answers what an operator has to do himself, or undefined.
 *
 * @throws Error where a proxy's address can't be read; its text holds no password.
 */
export function useOutgoingProxy(env: ProxyEnvironment): string | undefined {
  const named = NAMES.filter((name) => (env[name]?.trim() ?? '') !== '');
  // With it Node has done so by itself.
  if (named.length === 0 || env.NODE_USE_ENV_PROXY === '1') return undefined;
  for (const name of named) {
    const protocol = URL.parse(env[name] as string)?.protocol;
    if (protocol !== 'http:' && protocol !== 'https:') {
      throw new Error(`${name} must be a URL like http://proxy.example.com:3128`);
    }
  }
  const { setGlobalProxyFromEnv } = process.getBuiltinModule('node:http');
  if (setGlobalProxyFromEnv === undefined) {
    return `${named[0]} is set, and this version of Node (${process.version}) does not heed it by itself: ${ADVICE}`;
  }
  setGlobalProxyFromEnv({ ...env });
  return undefined;
}
