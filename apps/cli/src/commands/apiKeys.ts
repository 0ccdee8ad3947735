import { type Command, InvalidArgumentError, Option } from 'commander';
import { Day, Moment } from '#contracts/scalars';
import { type Role, roles } from '#platform/keys/actor';
import { type ApiKey, ApiKeyError, createKey, listKeys, revokeKey, rotateKey } from '#platform/keys/apiKeys';
import { calledAs, withExamples } from '../examples.ts';
import { UserError } from '../exitCodes.ts';
import { readDuration } from '../readDuration.ts';
import { renderTable } from '../table.ts';
import { withPool } from '../withPool.ts';
import { print, printJson, say } from '../terminal.ts';

interface CreateOptions {
  readonly role: readonly Role[];
  readonly ledger?: readonly string[];
  readonly source?: readonly string[];
  readonly party?: string;
  readonly expires?: Date;
  readonly json?: boolean;
}

interface RotateOptions {
  readonly grace?: number;
  readonly expires?: Date;
}

/** A key that ends sooner than this is pointed out. */
const SOON_MS = 14 * 86_400_000;
const EXPIRES =
  'when it ends by itself: 90d, 2026-12-31 (to the end of that day, UTC) or a moment with an offset (never)';

export function addApiKeys(program: Command): void {
  const keys = program
    .command('api-keys')
    .description(
      'make, list, rotate and revoke API keys (works on the database: DATABASE_URL, or the running data folder)',
    );
  withExamples(keys, 'lading api-keys create erp --role shipments:write --source urn:nvidia:erp');

  const creates = keys
    .command('create <name>')
    .description('make a key; its secret is printed once and stored nowhere')
    .addOption(new Option('--role <role...>', 'what it may do').choices(roles).makeOptionMandatory())
    .option('--ledger <ledger...>', 'the ledgers it may touch (all)')
    .option('--source <source...>', 'the CloudEvents sources it may submit as (all)')
    .option('--party <party>', 'the party it speaks for: it says only what this party may say (any)')
    .option('--expires <when>', EXPIRES, readEnd)
    .option('--json', 'print the key as JSON')
    .action(create);
  withExamples(
    creates,
    'lading api-keys create tesla-desk --role swaps:write read --ledger nvidia --party tesla',
    'lading api-keys create auditor --role audit --expires 90d',
  );
  const lists = keys
    .command('list')
    .description('all keys, without their secrets')
    .option('--json', 'print them as JSON')
    .action(list);
  withExamples(lists, 'lading api-keys list');
  const rotates = keys
    .command('rotate <name>')
    .description('give a key another secret; the old one ends at once, or after a grace time')
    .option('--grace <time>', 'how long the old secret works beside the new one: 90s, 30m, 24h, 7d (0)', readDuration)
    .option('--expires <when>', EXPIRES.replace('(never)', '(as before)'), readEnd)
    .action(rotate);
  withExamples(rotates, 'lading api-keys rotate tesla-desk --grace 24h');
  const revokes = keys
    .command('revoke <name>')
    .description('end a key for good, at once')
    .action((name: string) =>
      onKeys(async (pool) => {
        const { revoked } = await revokeKey(pool, name);
        print(`${name} is revoked since ${revoked?.toISOString() ?? 'now'}.`);
      }),
    );
  withExamples(revokes, 'lading api-keys revoke tesla-desk');
}

async function create(name: string, { role, ledger, source, party, expires, json }: CreateOptions): Promise<void> {
  await onKeys(async (pool) => {
    const made = await createKey(pool, { name, roles: role, ledgers: ledger, sources: source, party, expires });
    if (json) printJson({ ...made.key, secret: made.secret }, 2);
    else printSecret(made);
  });
}

async function rotate(name: string, { grace = 0, expires }: RotateOptions): Promise<void> {
  if (name === 'admin') {
    throw new UserError(
      'The admin key is not in the database. Put another one into LADING_ADMIN_KEY, or remove admin.key from the data folder, and start Lading again.',
    );
  }
  await onKeys(async (pool) => {
    const rotated = await rotateKey(pool, name, { graceMs: grace, expires });
    printSecret(rotated);
    const until = rotated.key.previousEnds;
    say(until === undefined ? 'The old secret has ended.' : `The old secret works until ${until.toISOString()}.`);
  });
}

async function list({ json }: { json?: boolean }): Promise<void> {
  await onKeys(async (pool) => {
    const keys = await listKeys(pool);
    if (json) printJson(keys, 2);
    else print(keysTable(keys));
    for (const line of keys.flatMap(soonEnded)) say(line);
  });
}

/** Prints only the secret on standard output, so that it can be piped; the explanation goes to standard error. */
function printSecret({ secret, key }: { secret: string; key: ApiKey }): void {
  say(`The secret of ${key.name}; it is shown only once:`);
  print(secret);
}

function keysTable(keys: readonly ApiKey[]): string {
  if (keys.length === 0) return 'No keys yet, besides the admin key.';
  return renderTable(keys, [
    { title: 'name', value: (key) => key.name },
    { title: 'roles', value: (key) => key.roles.join(', ') },
    { title: 'only', value: limitsOf },
    { title: 'last used', value: (key) => day(key.used) ?? 'never' },
    {
      title: 'ends',
      value: (key) => (key.revoked === undefined ? (day(key.expires) ?? 'never') : `revoked ${day(key.revoked) ?? ''}`),
    },
  ]);
}

/** Which ledgers, sources and party a key is for. */
function limitsOf({ ledgers, sources, party }: ApiKey): string {
  const limits = [
    ...(ledgers === 'all' ? [] : ledgers.map((ledger) => `ledger ${ledger}`)),
    ...(sources === 'all' ? [] : sources.map((source) => `source ${source}`)),
    ...(party === undefined ? [] : [`party ${party}`]),
  ];
  return limits.join(', ');
}

const day = (moment: Date | undefined): string | undefined => moment?.toISOString().slice(0, 10);

/** What whoever looks after the keys should know: an end that comes soon or has come, and a secret that still works beside another. */
function soonEnded({ name, expires, previousEnds, revoked }: ApiKey): string[] {
  if (revoked !== undefined) return [];
  const left = expires === undefined ? Infinity : expires.getTime() - Date.now();
  const at = expires?.toISOString() ?? '';
  const renew = `${calledAs()} api-keys rotate ${name} --expires 90d`;
  return [
    ...(left <= 0 ? [`${name} has expired at ${at}: ${renew}`] : []),
    ...(left > 0 && left < SOON_MS ? [`${name} expires at ${at}: ${renew}`] : []),
    ...(previousEnds === undefined
      ? []
      : [`the secret of ${name} before its rotation works until ${previousEnds.toISOString()}`]),
  ];
}

/** The end of a day, a moment, or so long from now. */
function readEnd(text: string): Date {
  if (Day.safeParse(text).success) return new Date(new Date(`${text}T00:00:00Z`).getTime() + 86_400_000);
  if (Moment.safeParse(text).success) return new Date(text);
  if (/^\d+[smhd]$/.test(text)) return new Date(Date.now() + readDuration(text));
  throw new InvalidArgumentError(
    'Give a time from now like 90d, a day like 2026-12-31, or a moment like 2026-12-31T17:00:00Z.',
  );
}

/** Reports a name that is taken or unknown as the user's mistake, not as an internal error. */
async function onKeys(work: (pool: Parameters<typeof listKeys>[0]) => Promise<void>): Promise<void> {
  await withPool(async (pool) => {
    await work(pool).catch((error: unknown) => {
      throw error instanceof ApiKeyError ? new UserError(`${error.message}.`) : error;
    });
  });
}
