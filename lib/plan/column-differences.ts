/** One phrase for every column that is not as it should be, with what is there: this is the "why" of an update. */
export function differences(
  wanted: Readonly<Record<string, unknown>>,
  seen: Readonly<Record<string, unknown>>,
): string[] {
  return Object.entries(wanted).flatMap(([column, value]) => {
    const there = seen[column];
    return same(value, there) ? [] : [`${column} is ${shown(there)}, not ${shown(value)}`];
  });
}

function same(a: unknown, b: unknown): boolean {
  return shown(a) === shown(b);
}

function shown(value: unknown): string {
  if (value === null || value === undefined || value === '') return 'unset';
  if (typeof value !== 'object') return String(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? 'empty' : entries.map(([key, item]) => `${key}=${String(item)}`).join(',');
}
