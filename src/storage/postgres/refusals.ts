// Why Postgres lets nobody in, by its codes; what it says may quote user and address.
import {
  codesOf,
  type Explained,
  failed,
  networkFault,
  type Place,
} from '../../base/network-faults.ts';
import { NotPostgresError } from './faults.ts';

/** Never user, password or path. */
export function placeOf(address: string): Place {
  const url = URL.parse(address);
  const host = url?.host || url?.searchParams.get('host') || 'localhost';
  return { host, variable: 'DATABASE_URL' };
}

interface Refusal {
  readonly codes: RegExp;
  readonly detail: (host: string) => string;
  readonly fix: string;
}

const REFUSALS: readonly Refusal[] = [
  {
    codes: /^28P01$/,
    detail: (host) => `${host} refuses user or password`,
    fix: 'correct user and password in DATABASE_URL, every special character percent-encoded',
  },
  {
    codes: /^28/,
    detail: (host) => `${host} refuses this user, from this address or for this database`,
    fix: 'correct the user in DATABASE_URL, or let it in (pg_hba.conf, or the list of addresses at its host)',
  },
  {
    codes: /^3D000$/,
    detail: (host) => `${host} has no database of that name`,
    fix: 'make it (createdb), or correct the name at the end of DATABASE_URL',
  },
  {
    codes: /^42501$/,
    detail: (host) => `the user in DATABASE_URL may not connect to this database of ${host}`,
    fix: 'grant connect on database … to that user',
  },
  {
    codes: /^53300$/,
    detail: (host) => `${host} has no connection left`,
    fix: 'raise max_connections, or let others have fewer: each instance of this server takes up to 11',
  },
  {
    codes: /^57P0/,
    detail: (host) => `${host} starts or stops at the moment`,
    fix: 'try again when it is up; see its log where that does not end',
  },
  {
    codes: /^53100$/,
    detail: (host) => `the disk of ${host} is full`,
    fix: 'make room on it',
  },
  {
    // Of the sign-in, by itself or by a pooler; what is refused later has nothing to do with the address.
    codes: /^(?!25|3F|42|5[3458])[0-9A-Z]{2}(?:[0-9][0-9A-Z]{2}|P\d\d)$/,
    detail: (host) => `${host} refuses`,
    fix: 'check user, host and database in DATABASE_URL as the console of its host has them, and the log of Postgres',
  },
  {
    codes: /SELF_SIGNED|UNABLE_TO_|^CERT_(?!HAS_EXPIRED|NOT_YET)/,
    detail: (host) =>
      `the TLS certificate of ${host} is not of an authority that this machine trusts`,
    fix: 'name its authority (?sslmode=verify-full&sslrootcert=/path/to/ca.pem in DATABASE_URL), or encrypt without asking who it is (?sslmode=no-verify)',
  },
];

/** What pg itself says, without a code; nothing of it is shown. */
const SENTENCES: readonly {
  readonly says: RegExp;
  readonly finding: (host: string) => Explained;
}[] = [
  {
    says: /does not support SSL connections/,
    finding: (host) =>
      failed(
        `${host} speaks no TLS`,
        'switch it on there, or, inside a private network alone, end DATABASE_URL in ?sslmode=disable',
      ),
  },
  {
    says: /password must be a (?:non-empty )?string|no password supplied/i,
    finding: (host) =>
      failed(
        `${host} asks for a password`,
        'write it into DATABASE_URL: postgres://user:PASSWORD@host/database',
      ),
  },
  {
    says: /error establishing an SSL connection/,
    finding: notPostgres,
  },
  {
    // Of the pool, when its own time is over.
    says: /terminated due to connection timeout/,
    finding: (host) =>
      failed(
        `no answer from ${host}`,
        `see why ${host} hangs, or correct DATABASE_URL; is a firewall between?`,
      ),
  },
  {
    says: /Connection terminated/,
    finding: (host) =>
      failed(
        `${host} cuts the connection`,
        'see that it is a Postgres, and its log; check host and port in DATABASE_URL',
      ),
  },
];

function notPostgres(host: string): Explained {
  return failed(`what answers at ${host} is no Postgres`, 'correct host and port in DATABASE_URL');
}

/** Undefined: nothing that is known, and the error may say more than we could. */
export function refusalOf(error: unknown, place: Place): Explained | undefined {
  const { host } = place;
  const cause = (error as Error).cause ?? error;
  const { message = '', syscall } = cause as Partial<NodeJS.ErrnoException>;
  if (cause instanceof NotPostgresError) return notPostgres(host);
  const codes = codesOf(error);
  // A certificate's file; a socket's would be connected to.
  if (codes.includes('ENOENT') && syscall === 'open') {
    return failed(
      'a file with a certificate that DATABASE_URL names is not there',
      'correct sslrootcert, sslcert and sslkey in DATABASE_URL',
    );
  }
  if (codes.includes('28000') && /no encryption|SSL off/.test(message)) {
    return failed(
      `${host} has no rule that lets this user in without TLS`,
      'end DATABASE_URL in ?sslmode=require; where that changes nothing, let user and address in (pg_hba.conf, or the list of addresses at its host)',
    );
  }
  for (const { codes: look, detail, fix } of REFUSALS) {
    const code = codes.find((one) => look.test(one));
    if (code !== undefined) return failed(`${detail(host)} (${code})`, fix);
  }
  const sentence = SENTENCES.find(({ says }) => says.test(message));
  return sentence?.finding(host) ?? networkFault(cause, place);
}
