import { join, resolve } from 'node:path';
import { ConfigError } from '#platform/service/config';

/** The settings of who signs, beside those of every service. */
export const signingSettings = [
  'LADING_ORIGIN',
  'LADING_SIGNING_KEY',
  'LADING_CHECKPOINTS_TOPIC',
  'LADING_WITNESSES',
] as const;

export interface SigningSettings {
  /** The file of the signing keys. Absolute. */
  readonly keyFile: string;
  /** Which setting names the file, for who is told what is wrong with it. */
  readonly keySetting: 'LADING_SIGNING_KEY' | 'LADING_DATA';
  /** What the origin of every ledger begins with; undefined: as the file of the keys says. */
  readonly origin: string | undefined;
  /** Of what was published: beside the keys, unless those are in a place of their own. Absolute. */
  readonly stateFile: string;
  /** The compacted topic of checkpoints. */
  readonly topic: string;
  /** Who cosigns: their verifier keys and addresses. */
  readonly witnesses: readonly { readonly key: string; readonly url: string }[];
}

/** `supplier.example/lading`: a URL without its scheme, as the names of keys are written, so without a plus or a blank. */
const ORIGIN = /^[A-Za-z0-9](?:[A-Za-z0-9.:_~/-]{0,198}[A-Za-z0-9])?$/;

const TOPIC = /^(?![.]{1,2}$)[A-Za-z0-9._-]{1,249}$/;

/** @throws ConfigError with a line for each setting that is wrong */
export function readSigningSettings(
  dataDir: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): SigningSettings {
  const given = (name: (typeof signingSettings)[number]): string | undefined => {
    const text = env[name]?.trim();
    return text === '' ? undefined : text;
  };
  const origin = given('LADING_ORIGIN');
  if (origin !== undefined && (!ORIGIN.test(origin) || origin.includes('//')))
    throw new ConfigError([
      `LADING_ORIGIN=${origin} cannot name a log: give a URL without its scheme, like supplier.example/lading, of letters, digits and .:_~/-`,
    ]);
  const topic = given('LADING_CHECKPOINTS_TOPIC') ?? 'lading.checkpoints';
  if (!TOPIC.test(topic))
    throw new ConfigError([
      `LADING_CHECKPOINTS_TOPIC=${topic} is not a Kafka topic: give 1 to 249 letters, digits and ._-`,
    ]);
  const file = given('LADING_SIGNING_KEY');
  return {
    keyFile: file === undefined ? join(dataDir, 'signing.key') : resolve(file),
    keySetting: file === undefined ? 'LADING_DATA' : 'LADING_SIGNING_KEY',
    origin,
    stateFile: join(dataDir, 'signing.published'),
    topic,
    witnesses: (given('LADING_WITNESSES') ?? '')
      .split(',')
      .filter((text) => text.trim() !== '')
      .map(readWitness),
  };
}

/** `witness.example/w1+0a1b2c3d+BASE64 https://witness.example`. */
function readWitness(text: string): { key: string; url: string } {
  const [key = '', url = '', ...rest] = text.trim().split(/\s+/);
  const isAddress = URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
  if (!/^[^+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$/.test(key) || !isAddress || rest.length > 0)
    throw new ConfigError([
      'LADING_WITNESSES is not a list of witnesses: give for each its verifier key, a blank and its address, with commas between them',
    ]);
  return { key, url: url.replace(/\/+$/, '') };
}
