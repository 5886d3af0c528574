/**
 * A function of the host's that answers at once or later.
 *
 * Under `T | Promise<T>` alone TypeScript takes `async () => 'handed'` for a `Promise<string>`, since
 * it looks for the promised type of the whole union. So the first member is what it looks at: there
 * every answer has a promised type. Of the second it reads no signature, for its two have other type
 * parameters, and that is the one that functions fit.
 */
export type Answering<Asked extends readonly unknown[], T> =
  | ((...asked: Asked) => T & Promise<T>)
  | { (...asked: Asked): T | Promise<T>; <_>(...asked: Asked): T | Promise<T> };
