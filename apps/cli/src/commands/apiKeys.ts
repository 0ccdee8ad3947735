import { type Command, Option } from 'commander';
import { type Role, roles } from '#platform/keys/actor';
import { type ApiKey, ApiKeyError, createKey, listKeys, revokeKey, rotateKey } from '#platform/keys/apiKeys';
import { UserError } from '../exitCodes.ts';
import { renderTable } from '../table.ts';
import { withPool } from '../withPool.ts';
import { print, printJson, say } from '../terminal.ts';

interface CreateOptions {
  readonly role: readonly Role[];
  readonly ledger?: readonly string[];
  readonly source?: readonly string[];
  readonly party?: string;
  readonly json?: boolean;
}

export function addApiKeys(program: Command): void {
  const keys = program
    .command('api-keys')
    .description(
      'make, list, rotate and revoke API keys (works on the database: DATABASE_URL, or the running data folder)',
    )
    .addHelpText('after', '\nExample:\n  lading api-keys create erp --role shipments:write --source urn:nvidia:erp\n');

  keys
    .command('create <name>')
    .description('make a key; its secret is printed once and stored nowhere')
    .addOption(new Option('--role <role...>', 'what it may do').choices(roles).makeOptionMandatory())
    .option('--ledger <ledger...>', 'the ledgers it may touch (all)')
    .option('--source <source...>', 'the CloudEvents sources it may submit as (all)')
    .option('--party <party>', "the party it speaks for: a swap's `by` must be this one (any)")
    .option('--json', 'print the key as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  lading api-keys create tesla-desk --role swaps:write read --ledger nvidia --party tesla\n',
    )
    .action(create);
  keys
    .command('list')
    .description('all keys, without their secrets')
    .option('--json', 'print them as JSON')
    .addHelpText('after', '\nExample:\n  lading api-keys list\n')
    .action(list);
  keys
    .command('rotate <name>')
    .description('give a key another secret; the old one ends at once')
    .addHelpText('after', '\nExample:\n  lading api-keys rotate tesla-desk\n')
    .action((name: string) =>
      onKeys(async (pool) => {
        printSecret(await rotateKey(pool, name));
      }),
    );
  keys
    .command('revoke <name>')
    .description('end a key for good, at once')
    .addHelpText('after', '\nExample:\n  lading api-keys revoke tesla-desk\n')
    .action((name: string) =>
      onKeys(async (pool) => {
        const { revoked } = await revokeKey(pool, name);
        print(`${name} is revoked since ${revoked?.toISOString() ?? 'now'}.`);
      }),
    );
}

async function create(name: string, { role, ledger, source, party, json }: CreateOptions): Promise<void> {
  await onKeys(async (pool) => {
    const made = await createKey(pool, { name, roles: role, ledgers: ledger, sources: source, party });
    if (json) printJson({ ...made.key, secret: made.secret }, 2);
    else printSecret(made);
  });
}

async function list({ json }: { json?: boolean }): Promise<void> {
  await onKeys(async (pool) => {
    const keys = await listKeys(pool);
    if (json) printJson(keys, 2);
    else print(keysTable(keys));
  });
}

/** Prints only the secret on standard output, so that it can be piped; the explanation goes to standard error. */
function printSecret({ secret, key }: { secret: string; key: ApiKey }): void {
  say(`The secret of ${key.name}; it is shown only once:`);
  print(secret);
}

function keysTable(keys: readonly ApiKey[]): string {
  if (keys.length === 0) return 'No keys yet, besides the admin key.';
  const listed = (list: readonly string[] | 'all') => (list === 'all' ? 'all' : list.join(', '));
  return renderTable(keys, [
    { title: 'name', value: (key) => key.name },
    { title: 'roles', value: (key) => key.roles.join(', ') },
    { title: 'ledgers', value: (key) => listed(key.ledgers) },
    { title: 'sources', value: (key) => listed(key.sources) },
    { title: 'party', value: (key) => key.party },
    { title: 'created', value: (key) => key.created.toISOString().slice(0, 10) },
    { title: 'revoked', value: (key) => key.revoked?.toISOString().slice(0, 10) },
  ]);
}

/** Reports a name that is taken or unknown as the user's mistake, not as an internal error. */
async function onKeys(work: (pool: Parameters<typeof listKeys>[0]) => Promise<void>): Promise<void> {
  await withPool(async (pool) => {
    await work(pool).catch((error: unknown) => {
      throw error instanceof ApiKeyError ? new UserError(`${error.message}.`) : error;
    });
  });
}
