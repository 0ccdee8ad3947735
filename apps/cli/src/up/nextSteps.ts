import type { Up } from './startUp.ts';

/** What a user needs to continue: the address, the key, and three commands to try. */
export function nextSteps({ url, adminKey, keyFile }: Up): string {
  const lading = `${settingsThatDiffer(new URL(url).port)}npm run -s lading --`;
  return `Lading answers at ${url} · the interface is described at ${url}/docs
Admin key: ${adminKey}${keyFile === undefined ? '' : ` (kept in ${keyFile})`}

Try next, in another terminal:
  ${lading} holdings --ledger nvidia --group-by owner,item,stage
  ${lading} replay --ledger nvidia --no-events
  curl -s -H "Authorization: Bearer ${adminKey}" ${url}/v1/ledgers/nvidia/swaps/SW-1`;
}

/** The settings with which the commands find this Lading: those that differ from the defaults. */
function settingsThatDiffer(port: string): string {
  const { LADING_HOST, LADING_DATA } = process.env;
  const set = { LADING_PORT: port === '7400' ? undefined : port, LADING_HOST, LADING_DATA };
  return Object.entries(set)
    .map(([name, value]) => (value === undefined || value === '' ? '' : `${name}=${value} `))
    .join('');
}
