// The JSON body of a request, from the wire or from what the host's parser left.
import { AsyncResource } from 'node:async_hooks';
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { SwitchboardError } from '../base/errors.ts';
import { arrivalOf, letBodyCome, onBrokenBody } from './arrival.ts';

/** The largest body that is read. */
export const BODY_MAX_BYTES = 16 * 1024;

/** A host may wait for ever. Our own server's time-out for a whole request is shorter. */
const BODY_WITHIN_MS = 30_000;

const JSON_TYPE = /^application\/json\s*(?:;.*)?$/i;

type Parsed = { value: unknown } | { fault: SwitchboardError };

/** Throws `content_type_unsupported` for anything but plain `application/json`. */
export function checkContentType(raw: IncomingMessage): void {
  const type = raw.headers['content-type'];
  if (type === undefined || !JSON_TYPE.test(type)) {
    throw contentTypeUnsupported(
      'Send the body as JSON, with the header Content-Type: application/json.',
    );
  }
  const encoding = raw.headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw contentTypeUnsupported(
      'Send the body uncompressed, as application/json without Content-Encoding.',
    );
  }
}

/**
 * Reads and parses the body. Decided by whether the stream has been read, never by whether
 * `req.body` exists: Express 4 sets `{}` where nothing was parsed.
 */
export function readJsonBody(
  raw: IncomingMessage,
  clock: Clock,
  done: (fault: SwitchboardError | null, value?: unknown) => void,
): void {
  const finish = (parsed: Parsed) =>
    'fault' in parsed ? done(parsed.fault) : done(null, parsed.value);
  const fault = arrivalOf(raw).bodyFault;
  if (Number(raw.headers['content-length']) > BODY_MAX_BYTES) finish(tooLarge());
  else if (fault !== undefined) finish({ fault });
  else if (raw.readable && !raw.readableDidRead) readWire(raw, clock, finish);
  else finish(fromHost(raw));
}

function readWire(raw: IncomingMessage, clock: Clock, finish: (parsed: Parsed) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let isSettled = false;
  // The end may come in the socket's own context; a host's AsyncLocalStorage is to see the request's.
  const context = new AsyncResource('switchboard.body');
  // The listeners stay: taking four off costs more than calling them for nothing.
  const settle = (parsed: Parsed) => {
    if (isSettled) return;
    isSettled = true;
    cancel();
    context.runInAsyncScope(finish, undefined, parsed);
  };
  const onData = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > BODY_MAX_BYTES) {
      // What is still coming is for the refusal to drain.
      raw.off('data', onData).pause();
      settle(tooLarge());
    } else chunks.push(chunk);
  };
  const onEnd = () =>
    settle(parse(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
  // Nobody is left to read the answer; it only ends the request's way through the house. `close`
  // comes after every body: an error made for nothing would be a tenth of the request's cost.
  const onGone = () => {
    if (!isSettled) settle(invalid('The body ended before its announced length.'));
  };
  const cancel = clock.after(BODY_WITHIN_MS, () => settle({ fault: requestTimeout() }));
  raw.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
  onBrokenBody(raw, (fault) => settle({ fault }));
  letBodyCome(raw);
}

/** What a parser in front of us has made of the body. `rawBody` (Firebase Functions, a `verify` hook) is exact. */
function fromHost(raw: IncomingMessage): Parsed {
  const { rawBody, body } = raw as IncomingMessage & { rawBody?: unknown; body?: unknown };
  if (Buffer.isBuffer(rawBody)) return measured(rawBody);
  if (Buffer.isBuffer(body)) return measured(body);
  if (typeof body === 'string') return measured(Buffer.from(body));
  if (body === undefined) {
    return {
      fault: new SwitchboardError(
        'body_consumed',
        'The body was read before it came here. Mount switchboard.handler before other body ' +
          'parsers, or let them set req.body or req.rawBody.',
      ),
    };
  }
  return Buffer.byteLength(JSON.stringify(body) ?? '') > BODY_MAX_BYTES
    ? tooLarge()
    : { value: body };
}

const measured = (bytes: Buffer): Parsed =>
  bytes.length > BODY_MAX_BYTES ? tooLarge() : parse(bytes);

function parse(bytes: Buffer): Parsed {
  // JSON.parse alone would take U+FFFD for whatever was broken.
  if (!isUtf8(bytes)) return invalid('The body is not valid UTF-8.');
  try {
    return { value: JSON.parse(bytes.toString()) };
  } catch {
    return invalid('The body is not valid JSON.');
  }
}

const invalid = (sentence: string): Parsed => ({
  fault: new SwitchboardError('request_invalid', sentence),
});

const tooLarge = (): Parsed => ({ fault: bodyTooLarge() });

export const requestTimeout = (cause?: unknown): SwitchboardError =>
  new SwitchboardError('request_timeout', 'The request did not arrive in time.', { cause });

export const bodyTooLarge = (): SwitchboardError =>
  new SwitchboardError('body_too_large', `The body must be at most ${BODY_MAX_BYTES} bytes.`);

export const contentTypeUnsupported = (sentence: string): SwitchboardError =>
  new SwitchboardError('content_type_unsupported', sentence);
