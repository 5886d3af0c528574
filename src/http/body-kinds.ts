// What a row may ask of a body: JSON, or the bytes as they came.
import { isUtf8 } from 'node:buffer';
import { SwitchboardError } from '../base/errors.ts';

export interface BodyKind<T> {
  /** More is refused as soon as it is seen. */
  readonly maxBytes: number;
  /** The content types that it comes as, and how they are told. */
  readonly type: RegExp;
  readonly typeName: string;
  readonly name: string;
  /** A request without any body, of whatever type, is served too; its `body` is undefined. */
  readonly isOptional?: boolean;
  /** Throws a SwitchboardError for what is not of this kind. */
  readonly parse: (bytes: Buffer) => T;
  /** Of what a host's parser has made of it; absent: only the bytes will do. */
  readonly fromParsed?: (value: unknown) => T;
}

/** `application/json` with any parameters, and nothing else. */
export function jsonBody({
  maxBytes,
  isOptional = false,
}: {
  maxBytes: number;
  isOptional?: boolean;
}): BodyKind<unknown> {
  return {
    maxBytes,
    isOptional,
    type: /^application\/json\s*(?:;.*)?$/i,
    typeName: 'application/json',
    name: 'JSON',
    parse: parseJson,
    fromParsed(value) {
      if (bytesOf(value) > maxBytes) throw bodyTooLarge(maxBytes);
      return value;
    },
  };
}

function bytesOf(value: unknown): number {
  try {
    return Buffer.byteLength(JSON.stringify(value) ?? '');
  } catch {
    // What `JSON.parse` reads it can't write again where it is a nest of thousands.
    throw invalid('The body is nested too deeply.');
  }
}

/** Unchanged, because a signature is about the bytes and not about what they mean. */
export function rawBody(options: { maxBytes: number; contentType: string }): BodyKind<Buffer> {
  const { maxBytes, contentType } = options;
  return {
    maxBytes,
    type: new RegExp(`^${contentType.replace(/[.+]/g, '\\$&')}\\s*(?:;.*)?$`, 'i'),
    typeName: contentType,
    name: 'it was signed',
    parse: (bytes) => bytes,
  };
}

function parseJson(bytes: Buffer): unknown {
  // JSON.parse alone would take U+FFFD for whatever was broken.
  if (!isUtf8(bytes)) throw invalid('The body is not valid UTF-8.');
  const text = bytes.toString();
  try {
    // A byte order mark may be passed over (RFC 8259, section 8.1).
    return JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text);
  } catch {
    throw invalid('The body is not valid JSON.');
  }
}

export const bodyTooLarge = (maxBytes: number): SwitchboardError =>
  new SwitchboardError('body_too_large', `The body must be at most ${maxBytes} bytes.`);

const invalid = (sentence: string): SwitchboardError =>
  new SwitchboardError('request_invalid', sentence);
