/** Who may have had some: those who have most, and then every customer. In the order of their names, which does not change while others do. */
export function mayHaveHad(
  lines: readonly { readonly party: string; readonly total: number }[],
  parties: readonly { readonly party: string; readonly roles: readonly string[] }[],
  most: number,
): string[] {
  const totals = new Map<string, number>();
  for (const { party, total } of lines) totals.set(party, (totals.get(party) ?? 0) + total);
  const owners = [...totals].sort(([, one], [, other]) => other - one).map(([party]) => party);
  const customers = parties.filter(({ roles }) => roles.includes('customer')).map(({ party }) => party);
  return [...new Set([...owners, ...customers])].slice(0, most).sort();
}
