const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `89 MiB`, `62.5 MiB`: three digits at most are told. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : threeDigits(value)} ${UNITS[unit]}`;
}

/** `0.4 ms`, `113 ms`, `2.4 s`. */
export function formatMs(ms: number): string {
  if (ms < 0) return `−${formatMs(-ms)}`;
  if (ms < 10) return `${Number(ms.toFixed(1))} ms`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${threeDigits(ms / 1000)} s`;
}

export function formatCount(count: number, singular: string, plural = `${singular}s`): string {
  return `${count} ${count === 1 ? singular : plural}`;
}

/** A rate as tc(8) writes it: `100mbit`, `10mbps`. */
export function bytesPerSecond(rate: string): number {
  const [, number = '0', unit = ''] = /^([\d.]+)([a-z]*)$/.exec(rate.toLowerCase()) ?? [];
  return (Number(number) * (UNIT_BITS[unit] ?? 1)) / 8;
}

/** tc(8), "PARAMETERS": of `bps` the b is a byte. */
const UNIT_BITS: Readonly<Record<string, number>> = {
  bit: 1,
  kbit: 1e3,
  mbit: 1e6,
  gbit: 1e9,
  bps: 8,
  kbps: 8e3,
  mbps: 8e6,
  gbps: 8e9,
};

function threeDigits(value: number): string {
  return String(value >= 100 ? Math.round(value) : Number(value.toPrecision(3)));
}
