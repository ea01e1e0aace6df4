import { InvalidArgumentError } from 'commander';
import { BENCH_PEERS, type BenchPeer } from '../bench/result.js';
import { parseBytes, parseDurationMs } from '../topology/units.js';

/** `64MiB` in bytes, as the topology file writes sizes. */
export function sizeArgument(text: string): number {
  return orRefused(() => parseBytes(text), 'Write a size as 64MiB or 1GiB.');
}

/** `120s` in milliseconds, as the topology file writes durations. */
export function durationArgument(text: string): number {
  return orRefused(() => parseDurationMs(text), 'Write a duration as 500ms, 120s or 5m.');
}

/** A whole number from 1 on. */
export function countArgument(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('Write a whole number from 1 to 9999.');
  return Number(text);
}

/** `virsh,ovn`: whom the bench migrates against. */
export function peersArgument(text: string): BenchPeer[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !BENCH_PEERS.some((peer) => peer === name));
  if (unknown !== undefined) throw new InvalidArgumentError(`Write some of ${BENCH_PEERS.join(',')}.`);
  return BENCH_PEERS.filter((peer) => names.includes(peer));
}

function orRefused(parse: () => number, mend: string): number {
  try {
    return parse();
  } catch {
    throw new InvalidArgumentError(mend);
  }
}
