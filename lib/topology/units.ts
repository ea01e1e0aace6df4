import type { Bound } from '../model/strategy-settings.js';

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

const LEAST_TIMES = 1.1;

/** `2x`, `1.5x` or `512MiB`. The schema has vetted the text: another one is a bug. */
export function parseBoundBytes(text: string): Bound['bytes'] {
  const [, times] = /^([1-9][0-9]?(?:\.[0-9]{1,2})?)x$/.exec(text) ?? [];
  if (times !== undefined && Number(times) < LEAST_TIMES) throw new Error(`not enough: ${text}`);
  return times === undefined ? { kind: 'size', bytes: parseBytes(text) } : { kind: 'times', times: Number(times) };
}
