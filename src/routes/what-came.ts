// What a body holds in the place of a room's name and an identity, for the log alone: names of
// fields that are known here, and kinds of values, and never a value.

type Fields = Readonly<Record<string, unknown>>;

const ASKED = {
  roomName: ['roomName', 'room_name'],
  participantIdentity: ['participantIdentity', 'participant_identity'],
} as const;

/** How other backends and samples call the same. */
const OTHER_NAMES: Readonly<Record<keyof typeof ASKED, readonly string[]>> = {
  roomName: [
    'room',
    'roomId',
    'roomID',
    'room_id',
    'roomname',
    'RoomName',
    'channel',
    'channelName',
    'name',
  ],
  participantIdentity: [
    'identity',
    'participant',
    'participantId',
    'participantID',
    'participant_id',
    'participantName',
    'participant_name',
    'participantidentity',
    'username',
    'userId',
    'user_id',
    'uid',
    'user',
  ],
};

/** Around the whole of a body: Firebase's callable functions, and clients that wrap what they send. */
const WRAPPERS = ['data', 'body', 'params', 'payload', 'request'];

/** One sentence on what is wrong with the two names of `fields`. */
export function whatCame(fields: Fields): string {
  const wrapper = WRAPPERS.find((name) => isObject(fields[name]));
  const found = [faultOf(fields, 'roomName'), faultOf(fields, 'participantIdentity')];
  const faults = found.filter((fault) => fault !== undefined);
  if (wrapper === undefined || faults.length < 2) return faults.join('; ');
  const callable = wrapper === 'data' ? ', as callable functions are called' : '';
  return `the fields are inside of "${wrapper}"${callable}: send them at the top of the body`;
}

function faultOf(fields: Fields, asked: keyof typeof ASKED): string | undefined {
  const names = ASKED[asked];
  const given = names.filter((name) => name in fields);
  const isGood = (name: string) => typeof fields[name] === 'string' && fields[name] !== '';
  // Beside a good one the other spelling may be null.
  const wrong = given.find(
    (name) => !isGood(name) && !(given.some(isGood) && fields[name] === null),
  );
  if (wrong !== undefined) {
    return `${wrong} is ${kindOf(fields[wrong])}, and must be a text that is not empty`;
  }
  if (given.length > 0) return undefined;
  const other = OTHER_NAMES[asked].find((name) => name in fields);
  return other === undefined
    ? `there is no ${asked}`
    : `there is no ${asked}, and there is ${other}: ${asked} was meant?`;
}

function kindOf(value: unknown): string {
  if (value === '') return 'empty';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return isObject(value) ? 'an object' : `a ${typeof value}`;
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
