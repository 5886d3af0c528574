// Which pages may read an answer. Fastify's plugin does it for what goes through Fastify; what is
// refused before is told the same here, or a browser would call every fault one of CORS.
// https://fetch.spec.whatwg.org/#http-cors-protocol

/** Answer headers that a page may read. */
export const EXPOSED_HEADERS = ['X-Request-Id', 'Retry-After'];

/** The headers for an answer to a page of `origin`; `unread` where the request could not be read so far. */
export type CorsHeaders = (origin: string | typeof UNREAD | undefined) => Record<string, string>;

/** Whether an Origin came is not known: the head of the request was too long, or is not all there. */
export const UNREAD = Symbol('unread');

export function createCorsHeaders(origins: readonly string[]): CorsHeaders {
  if (origins.length === 0) return () => ({});
  const exposed = EXPOSED_HEADERS.join(', ');
  return (origin) => {
    const allowed = origin === UNREAD ? onlyOne(origins) : origins.find((one) => one === origin);
    return {
      vary: 'Origin',
      'access-control-expose-headers': exposed,
      ...(allowed !== undefined && { 'access-control-allow-origin': allowed }),
    };
  };
}

/** The answer to a guess: naming the only origin there is lets no other page read it. */
const onlyOne = ([first, second]: readonly string[]): string | undefined =>
  second === undefined ? first : undefined;

/** The Origin in the bytes of a request that never became one. */
export function originIn(bytes: unknown): string | typeof UNREAD {
  if (!Buffer.isBuffer(bytes)) return UNREAD;
  const found = bytes
    .toString('latin1')
    .matchAll(/(?:^|\n)origin:[ \t]*([!-~]{1,255})[ \t]*\r?\n/gi);
  // Of several requests in one piece the last is the one that failed.
  return [...found].at(-1)?.[1] ?? UNREAD;
}
