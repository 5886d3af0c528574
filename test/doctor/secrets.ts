// An environment in which every secret can be recognized, and what may never be seen of it.
import { generateKeyPairSync } from 'node:crypto';
import { PROJECT_ID } from '../fakes/firebase.ts';

export const LIVEKIT_KEY = 'APIrecognizablekey';
export const LIVEKIT_SECRET = 'livekit-recognizable-secret-of-32-characters';
export const REDIS_PASSWORD = 'redis-recognizable-password';

const ACCESS_KEY = Buffer.from('access-recognizable-secret').toString('base64');
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;

export const serviceAccount = (privateKeyText = PEM): string =>
  JSON.stringify({
    type: 'service_account',
    project_id: PROJECT_ID,
    client_email: `recognizable@${PROJECT_ID}.iam.gserviceaccount.com`,
    private_key: privateKeyText,
  });

/** Whatever needs no server of its own. */
export const SECRETS = {
  FIREBASE_PROJECT_ID: PROJECT_ID,
  FIREBASE_SERVICE_ACCOUNT: serviceAccount(),
  LIVEKIT_API_KEY: LIVEKIT_KEY,
  LIVEKIT_API_SECRET: LIVEKIT_SECRET,
  ACCESS_SECRET: `whsec_${ACCESS_KEY}`,
  METRICS_TOKEN: 'metrics-recognizable-token',
} as const;

const TRACES = [
  'recognizable',
  // In base64 it begins at any of three places.
  ...[0, 1, 2].map((cut) => Buffer.from('recognizable'.slice(cut, cut + 9)).toString('base64')),
  ACCESS_KEY,
  'PRIVATE KEY',
  ...PEM.split('\n').slice(1, -2),
  // The beginning of every JWT.
  'eyJ',
];

/** The traces of secrets in a text. */
export const tracesIn = (text: string): string[] => TRACES.filter((trace) => text.includes(trace));
