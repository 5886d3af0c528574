// What FCM takes for a message (https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages).

type Fields = Readonly<Record<string, unknown>>;

const DATA_MAX_BYTES = 4096;
const FOUR_WEEKS_S = 2_419_200;
/** Names that FCM keeps for itself. */
const RESERVED = /^(?:from|message_type|google.*|gcm.*)$/;
const URGENCIES = ['very-low', 'low', 'normal', 'high'];

/** Such as apps get: the id of the installation and a long rest. */
export const isToken = (value: unknown): boolean =>
  typeof value === 'string' && /^[\w-]{8,}:[\w-]{8,}$/.test(value);
export const isFid = (value: unknown): boolean =>
  typeof value === 'string' && /^[\w-]{22}$/.test(value);

/** The field that is wrong, by its path; undefined: none is. */
export function fieldAtFault(body: Fields): string | undefined {
  const { message, validate_only, ...rest } = body;
  if (Object.keys(rest).length > 0) return Object.keys(rest)[0];
  if (validate_only !== undefined && typeof validate_only !== 'boolean') return 'validate_only';
  if (!isObject(message)) return 'message';
  const { token, fid, data, android, webpush, apns, ...unknown } = message;
  if (Object.keys(unknown).length > 0) return `message.${Object.keys(unknown)[0]}`;
  if ((token === undefined) === (fid === undefined)) return 'message';
  if (token !== undefined && !isToken(token)) return 'message.token';
  if (fid !== undefined && !isFid(fid)) return 'message.fid';
  return (
    faultOfData(data) ?? faultOfAndroid(android) ?? faultOfWebpush(webpush) ?? faultOfApns(apns)
  );
}

function faultOfData(data: unknown): string | undefined {
  if (data === undefined) return undefined;
  if (!isObject(data)) return 'message.data';
  let bytes = 0;
  for (const [name, value] of Object.entries(data)) {
    if (typeof value !== 'string' || RESERVED.test(name)) return `message.data[${name}]`;
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  return bytes > DATA_MAX_BYTES ? 'message.data' : undefined;
}

function faultOfAndroid(android: unknown): string | undefined {
  if (android === undefined) return undefined;
  if (!isObject(android)) return 'message.android';
  const { priority, ttl, collapse_key: _, ...unknown } = android;
  if (Object.keys(unknown).length > 0) return `message.android.${Object.keys(unknown)[0]}`;
  if (!['HIGH', 'NORMAL', undefined].includes(priority as string))
    return 'message.android.priority';
  const seconds = /^(\d{1,7})s$/.exec(String(ttl ?? '0s'))?.[1];
  return seconds === undefined || Number(seconds) > FOUR_WEEKS_S
    ? 'message.android.ttl'
    : undefined;
}

function faultOfWebpush(webpush: unknown): string | undefined {
  if (webpush === undefined) return undefined;
  const { headers } = isObject(webpush) ? webpush : {};
  if (!isTexts(headers)) return 'message.webpush.headers';
  const { Urgency = 'normal', TTL = '0' } = headers;
  if (!URGENCIES.includes(Urgency)) return 'message.webpush.headers[Urgency]';
  return /^\d{1,7}$/.test(TTL) ? undefined : 'message.webpush.headers[TTL]';
}

function faultOfApns(apns: unknown): string | undefined {
  if (apns === undefined) return undefined;
  const { headers, payload } = isObject(apns) ? apns : {};
  if (!isTexts(headers)) return 'message.apns.headers';
  return isObject(payload) && isObject(payload.aps) ? undefined : 'message.apns.payload';
}

export const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isTexts = (value: unknown): value is Readonly<Record<string, string>> =>
  isObject(value) && Object.values(value).every((one) => typeof one === 'string');
