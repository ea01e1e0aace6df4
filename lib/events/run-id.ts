/**
 * `20261121T030000.000Z-two-subnets-web`: sorts by time. @param of what tells it from others that begin in the same
 * millisecond
 */
export function runId(beganAtMs: number, ...of: readonly string[]): string {
  return [new Date(beganAtMs).toISOString().replaceAll(/[-:]/g, ''), ...of].join('-');
}
