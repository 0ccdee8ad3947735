import type { Up } from './startUp.ts';

/** What a person needs to go on: where it answers, the key, three commands to try. */
export function nextSteps({ url, adminKey, keyFile }: Up): string {
  const lading = `${settingsThatDiffer()}npm run -s lading --`;
  return `Lading answers at ${url} · the interface is described at ${url}/docs
Admin key: ${adminKey}${keyFile === undefined ? '' : ` (kept in ${keyFile})`}

Try next, in another terminal:
  ${lading} holdings --ledger nvidia --group-by owner,item,stage
  ${lading} replay --ledger nvidia --no-events
  curl -s -H "Authorization: Bearer ${adminKey}" ${url}/v1/ledgers/nvidia/swaps/SW-1`;
}

/** The commands find Lading by the same settings: those that were set here have to be set there. */
function settingsThatDiffer(): string {
  const names = ['LADING_PORT', 'LADING_HOST', 'LADING_DATA'] as const;
  return names.map((name) => (process.env[name] ? `${name}=${process.env[name]} ` : '')).join('');
}
