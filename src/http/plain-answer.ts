// A good answer, written to the wire in one piece: a header that is set through Fastify is looked
// at four times on its way, and there are eight of them.
import type { FastifyReply } from 'fastify';
import { isBodyPending } from './drain.ts';

export type AnswerPlainly = (reply: FastifyReply, contentType: string, text: string) => void;

export function createPlainAnswer(options: {
  /** Headers on every answer. */
  headers: Readonly<Record<string, string>>;
  isClosing: () => boolean;
}): AnswerPlainly {
  const common = Object.entries(options.headers).flat();
  return (reply, contentType, text) => {
    const bytes = Buffer.byteLength(text);
    const headers: (string | number)[] = [
      ...common,
      ...['x-request-id', reply.request.id, 'content-type', contentType],
      ...['content-length', bytes],
    ];
    // A body that nobody asked for may come for ever.
    if (options.isClosing() || isBodyPending(reply.request.raw))
      headers.push('connection', 'close');
    // What hooks have set (CORS, for one).
    const others = reply.getHeaders();
    for (const name in others) headers.push(name, others[name] as string);
    // Fastify's hooks still see the end of the answer.
    reply.hijack();
    reply.raw.writeHead(200, headers as string[]);
    // ASCII is both, and Latin-1 goes out without being looked at letter by letter.
    reply.raw.end(text, bytes === text.length ? 'latin1' : 'utf8');
  };
}
