// The body of a request, from the wire or from what the host's parser left.
import { AsyncResource } from 'node:async_hooks';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { SwitchboardError } from '../base/errors.ts';
import { arrivalOf } from './arrival.ts';
import { type BodyKind, bodyTooLarge } from './body-kinds.ts';
import { letBodyCome, onBrokenBody } from './body-on-its-way.ts';

/** A host may wait for ever. Our own server's time-out for a whole request is shorter. */
const BODY_WITHIN_MS = 30_000;

type Done<T> = (fault: SwitchboardError | null, value?: T) => void;

/** Throws `content_type_unsupported` for a type that is not of this kind, and for what is compressed. */
export function checkContentType(raw: IncomingMessage, kind: BodyKind<unknown>): void {
  const type = raw.headers['content-type'];
  if (type === undefined || !kind.type.test(type)) {
    throw contentTypeUnsupported(
      `Send the body as ${kind.name}, with the header Content-Type: ${kind.typeName}.`,
    );
  }
  const encoding = raw.headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw contentTypeUnsupported(
      `Send the body uncompressed, as ${kind.typeName} without Content-Encoding.`,
    );
  }
}

/**
 * Reads the body and makes of it what its kind says. Decided by whether the stream has been read,
 * never by whether `req.body` exists: Express 4 sets `{}` where nothing was parsed.
 */
export function readBody<T>(
  raw: IncomingMessage,
  kind: BodyKind<T>,
  clock: Clock,
  done: Done<T>,
): void {
  const finish = (make: () => T) => {
    let value: T;
    try {
      value = make();
    } catch (error) {
      done(error as SwitchboardError);
      return;
    }
    done(null, value);
  };
  const { bodyFault } = arrivalOf(raw);
  if (Number(raw.headers['content-length']) > kind.maxBytes) done(bodyTooLarge(kind.maxBytes));
  else if (bodyFault !== undefined) done(bodyFault(kind));
  else if (raw.readable && !raw.readableDidRead) readWire(raw, kind, clock, finish);
  else finish(() => fromHost(raw, kind));
}

function readWire<T>(
  raw: IncomingMessage,
  kind: BodyKind<T>,
  clock: Clock,
  finish: (make: () => T) => void,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let isSettled = false;
  // The end may come in the socket's own context; a host's AsyncLocalStorage is to see the request's.
  const context = new AsyncResource('switchboard.body');
  // The listeners stay: taking four off costs more than calling them for nothing.
  const settle = (make: () => T) => {
    if (isSettled) return;
    isSettled = true;
    cancel();
    context.runInAsyncScope(finish, undefined, make);
  };
  const refuse = (fault: SwitchboardError) =>
    settle(() => {
      throw fault;
    });
  const onData = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > kind.maxBytes) {
      // What is still coming is for the refusal to drain.
      raw.off('data', onData).pause();
      refuse(bodyTooLarge(kind.maxBytes));
    } else chunks.push(chunk);
  };
  const onEnd = () =>
    settle(() => kind.parse(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
  // Nobody is left to read the answer; it only ends the request's way through the house. `close`
  // comes after every body: an error made for nothing would be a tenth of the request's cost.
  const onGone = () => {
    if (!isSettled) refuse(endedEarly());
  };
  const cancel = clock.after(BODY_WITHIN_MS, () => refuse(requestTimeout()));
  raw.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
  onBrokenBody(raw, refuse);
  letBodyCome(raw);
}

/** What a parser in front of us has made of the body. `rawBody` (Firebase Functions, a `verify` hook) is exact. */
function fromHost<T>(raw: IncomingMessage, kind: BodyKind<T>): T {
  const { rawBody, body } = raw as IncomingMessage & { rawBody?: unknown; body?: unknown };
  const bytes = [rawBody, body].find(Buffer.isBuffer);
  if (bytes !== undefined) return measured(bytes, kind);
  if (typeof body === 'string') return measured(Buffer.from(body), kind);
  if (body === undefined || kind.fromParsed === undefined) {
    throw new SwitchboardError(
      'body_consumed',
      'The body was read before it came here. Mount switchboard.handler before other body ' +
        `parsers, or let them set ${kind.fromParsed === undefined ? '' : 'req.body or '}req.rawBody.`,
    );
  }
  return kind.fromParsed(body);
}

function measured<T>(bytes: Buffer, kind: BodyKind<T>): T {
  if (bytes.length > kind.maxBytes) throw bodyTooLarge(kind.maxBytes);
  return kind.parse(bytes);
}

const endedEarly = (): SwitchboardError =>
  new SwitchboardError('request_invalid', 'The body ended before its announced length.');

export const requestTimeout = (cause?: unknown): SwitchboardError =>
  new SwitchboardError('request_timeout', 'The request did not arrive in time.', { cause });

export const contentTypeUnsupported = (sentence: string): SwitchboardError =>
  new SwitchboardError('content_type_unsupported', sentence);
