// A map that forgets, like that of bounded-map.ts, from texts to two numbers each. Of a text it keeps
// the digest alone, and all of it in a few arrays of numbers: texts that come in thousands a second
// and stay for a minute would keep the garbage collector at work on the core of the requests.
import { hash, randomInt } from 'node:crypto';

/** SHA-256, in 32 letters of a byte each. */
export type Digest = string & { readonly digest: unique symbol };
export type Numbers = readonly [number, number];

export interface BoundedNumbers {
  get(digest: Digest): Numbers | undefined;
  set(digest: Digest, numbers: Numbers): void;
  delete(digest: Digest): void;
  /** Begins a new generation: what nobody asks for until the next call is forgotten by then. */
  turn(): void;
}

const WORDS = 8;
const LAST_WORD = WORDS - 1;
const PLACES_FIRST = 64;

export const digestOf = (text: string): Digest => hash('sha256', text, 'binary') as Digest;

/**
 * Holds at most `max` entries, and at least the `max / 2` that were asked for last. It grows to 100 to
 * 200 bytes an entry, and what it has grown to it keeps, to be filled again.
 */
export function createBoundedNumbers(max: number): BoundedNumbers {
  let young = createGeneration();
  let old = createGeneration();
  const turn = () => {
    [young, old] = [old, young];
    young.clear();
  };
  const set = (digest: Digest, numbers: Numbers) => {
    if (young.size() >= max / 2 && young.get(digest) === undefined) turn();
    young.set(digest, numbers);
  };
  return {
    get(digest) {
      const numbers = young.get(digest);
      if (numbers !== undefined || old.size() === 0) return numbers;
      const elder = old.get(digest);
      if (elder !== undefined) set(digest, elder);
      return elder;
    },
    set,
    delete(digest) {
      young.delete(digest);
      old.delete(digest);
    },
    turn,
  };
}

const wanted = new Uint32Array(WORDS);
const wantedBytes = Buffer.from(wanted.buffer);
const randomOdd = () => randomInt(2 ** 32) | 1;
/** Nobody can choose texts that all want the same place: where that is differs from process to process. */
const SECRETS = [randomOdd(), randomOdd()] as const;

/** Open addressing: a digest is at the place that its first two words name, or in the next free one. */
function createGeneration() {
  let digests = new Uint32Array(PLACES_FIRST * WORDS);
  let numbers = new Float64Array(PLACES_FIRST * 2);
  let size = 0;

  const isFree = (place: number) => digests[place * WORDS + LAST_WORD] === 0;
  const isOfWanted = (place: number) => {
    for (let i = 0; i < WORDS; i += 1) {
      if (digests[place * WORDS + i] !== wanted[i]) return false;
    }
    return true;
  };
  /** Where `wanted` is, or would be. */
  const placeOfWanted = () => {
    const mask = digests.length / WORDS - 1;
    const mixed =
      Math.imul(wanted[0] as number, SECRETS[0]) + Math.imul(wanted[1] as number, SECRETS[1]);
    // Its upper bits: what differs in whichever bit of a digest differs there.
    let place = mixed >>> Math.clz32(mask);
    while (!isFree(place) && !isOfWanted(place)) place = (place + 1) & mask;
    return place;
  };
  const placeOf = (digest: Digest) => {
    wantedBytes.write(digest, 'latin1');
    // No digest is to look like a free place.
    wanted[LAST_WORD] = (wanted[LAST_WORD] as number) | 1;
    return placeOfWanted();
  };
  const put = (place: number, first: number, second: number) => {
    digests.set(wanted, place * WORDS);
    numbers[place * 2] = first;
    numbers[place * 2 + 1] = second;
  };
  const grow = () => {
    const [elderDigests, elderNumbers] = [digests, numbers];
    digests = new Uint32Array(elderDigests.length * 2);
    numbers = new Float64Array(elderNumbers.length * 2);
    for (let place = 0; place * WORDS < elderDigests.length; place += 1) {
      if (elderDigests[place * WORDS + LAST_WORD] === 0) continue;
      for (let i = 0; i < WORDS; i += 1) wanted[i] = elderDigests[place * WORDS + i] as number;
      put(
        placeOfWanted(),
        elderNumbers[place * 2] as number,
        elderNumbers[place * 2 + 1] as number,
      );
    }
  };
  return {
    size: () => size,
    get(digest: Digest): Numbers | undefined {
      const place = placeOf(digest);
      const first = numbers[place * 2] as number;
      // Of one that was deleted the place stays taken: others may have had to pass it by.
      if (isFree(place) || Number.isNaN(first)) return undefined;
      return [first, numbers[place * 2 + 1] as number];
    },
    set(digest: Digest, [first, second]: Numbers): void {
      const place = placeOf(digest);
      if (isFree(place)) size += 1;
      put(place, first, second);
      if (size * 2 * WORDS > digests.length) grow();
    },
    delete(digest: Digest): void {
      const place = placeOf(digest);
      if (!isFree(place)) numbers[place * 2] = Number.NaN;
    },
    clear(): void {
      digests.fill(0);
      size = 0;
    },
  };
}
