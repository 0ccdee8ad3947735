/** @typedef {import('./osv.mjs').Finding} Finding */
/** @typedef {import('./osv.mjs').OsvRecord} OsvRecord */
/** @typedef {import('./lockedPackages.mjs').LockedPackage} LockedPackage */
/** @typedef {{package: {ecosystem: 'npm', name: string}, version: string, page_token?: string}} Query */
/** @typedef {{vulns?: {id: string}[], next_page_token?: string}} Result */

/**
 * Asks a service with OSV's interface for the advisories about all locked packages.
 * @param {string} base
 * @param {readonly LockedPackage[]} locked
 * @param {{atATime: number, patienceMs: number}} limits queries in one request, and how long one request may take
 * @returns {Promise<Finding[]>}
 * @throws {Error} when an answer is missing: part of the answers would look like a clean result
 */
export async function askOsv(base, locked, { atATime, patienceMs }) {
  /** @type {{locked: LockedPackage, id: string}[]} */
  const found = [];
  let open = locked.map((one) => ({ locked: one, query: queryFor(one) }));
  while (open.length > 0) {
    const now = open.slice(0, atATime);
    open = open.slice(atATime);
    const body = JSON.stringify({ queries: now.map(({ query }) => query) });
    const answer = /** @type {{results?: Result[]}} */ (
      await fetchJson(`${base}/v1/querybatch`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      })
    );
    const { results } = answer;
    if (results?.length !== now.length) throw new Error(`${base} did not answer every query`);
    for (const [index, { vulns = [], next_page_token: token }] of results.entries()) {
      const asked = /** @type {{locked: LockedPackage, query: Query}} */ (now[index]);
      found.push(...vulns.map(({ id }) => ({ locked: asked.locked, id })));
      if (token !== undefined && token !== '') open.push({ ...asked, query: { ...asked.query, page_token: token } });
    }
  }
  /** @type {Map<string, OsvRecord>} */
  const records = new Map();
  for (const id of new Set(found.map((one) => one.id))) {
    const record = await fetchJson(`${base}/v1/vulns/${encodeURIComponent(id)}`);
    records.set(id, /** @type {OsvRecord} */ (record));
  }
  return found.flatMap((one) => {
    const record = records.get(one.id);
    return record === undefined || record.withdrawn !== undefined ? [] : [{ locked: one.locked, record }];
  });

  /**
   * @param {string} url
   * @param {RequestInit} [request]
   * @returns {Promise<unknown>}
   */
  async function fetchJson(url, request) {
    const response = await fetch(url, { ...request, signal: AbortSignal.timeout(patienceMs) }).catch(
      (/** @type {unknown} */ error) => {
        throw new Error(`${base} cannot be reached`, { cause: error });
      },
    );
    if (!response.ok) throw new Error(`${base} answered ${response.status}`);
    return response.json();
  }
}

/**
 * @param {LockedPackage} locked
 * @returns {Query}
 */
const queryFor = ({ name, version }) => ({ package: { ecosystem: 'npm', name }, version });
