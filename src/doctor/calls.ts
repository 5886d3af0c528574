// What calls need beyond tokens: their database, and LiveKit's webhooks.
import type { Clock } from '../base/clock.ts';
import { webhookPathUnder } from '../routes/webhook.ts';
import type { Settings } from '../settings/settings.ts';
import { type Check, idle, skipped } from './check.ts';
import { postgresChecks } from './postgres.ts';
import { sqliteCheck } from './sqlite.ts';

export function callChecks({ calls, front }: Settings, clock: Clock): Check[] {
  if (calls === undefined) {
    return [
      idle('Database', 'DATABASE_URL is not set: tokens only, the routes of calls answer 501'),
    ];
  }
  const { database } = calls;
  const webhooks = webhookCheck(webhookPathUnder(front.basePath));
  if (database.engine === 'sqlite') return [sqliteCheck(database.path, clock), webhooks];
  const { source } = database;
  return typeof source === 'string'
    ? [...postgresChecks(source, clock), webhooks]
    : [idle('Database', 'the host has made its pool'), webhooks];
}

/** Where LiveKit sends them is written at LiveKit, and no question to it would tell. */
function webhookCheck(path: string): Check {
  const finding = skipped(
    `cannot be tried from here: let LiveKit send them to https://THIS-SERVER${path}, signed with the key in ` +
      'LIVEKIT_API_KEY (LiveKit Cloud: Settings, Webhooks; your own server: `webhook` in its configuration). ' +
      'They come where switchboard_livekit_webhooks_total of /metrics rises with a call; where they do not, the log warns once',
  );
  return { name: 'LiveKit webhooks', run: () => finding, explain: () => finding };
}
