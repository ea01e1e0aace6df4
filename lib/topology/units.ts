const BYTES_PER = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 } as const;
const MS_PER = { ms: 1, s: 1000, m: 60_000 } as const;

/** `128MiB` in bytes. The schema has vetted the text: another one is a bug. */
export function parseBytes(text: string): number {
  const match = /^(\d+)(KiB|MiB|GiB)$/.exec(text);
  if (match === null) throw new Error(`not a size: ${text}`);
  return Number(match[1]) * BYTES_PER[match[2] as keyof typeof BYTES_PER];
}

/** `10ms`, `1.5s` or `2m` in milliseconds. The schema has vetted the text: another one is a bug. */
export function parseDurationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text);
  if (match === null) throw new Error(`not a duration: ${text}`);
  return Number(match[1]) * MS_PER[match[2] as keyof typeof MS_PER];
}
