/** Below 0: `one` is the older; 0: they are the same, or one of them is not known. As `7.2.22` and `10.0.2`. */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [one, other].map((text) => text.split('.').map(Number));
  if (a === undefined || b === undefined || [...a, ...b].some(Number.isNaN) || one === '' || other === '') return 0;
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** `pc-i440fx-10.0` is the version 10.0 of the family `pc-i440fx`; null: the type has no version. */
export function machineVersion(type: string): { readonly family: string; readonly version: string } | null {
  const [, family, version] = /^(.+?)-(\d+(?:\.\d+)*)$/.exec(type) ?? [];
  return family === undefined || version === undefined ? null : { family, version };
}

/** Of the types of that family, the newest first. */
export function ofFamily(types: readonly string[], family: string): string[] {
  return types
    .filter((type) => machineVersion(type)?.family === family)
    .sort((a, b) => compareVersions(machineVersion(b)?.version ?? '', machineVersion(a)?.version ?? ''));
}
