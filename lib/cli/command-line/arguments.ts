import { isIP } from 'node:net';
import { InvalidArgumentError } from 'commander';
import { MOST_HOSTS } from '../../bench/scale-topology.js';
import { BENCH_PEERS, type BenchPeer } from '../../model/bench-result.js';
import type { Bound } from '../../model/strategy-settings.js';
import type { SshSettings } from '../../model/topology.js';
import { isTopologyName } from '../../model/topology-name.js';
import { parseBoundBytes, parseBytes, parseDurationMs } from '../../topology/units.js';
import type { ListenAddress } from '../commands/metrics-server.js';

/** `64MiB` in bytes, as the topology file writes sizes. */
export function sizeArgument(text: string): number {
  return orRefused(() => parseBytes(text), 'Write a size as 64MiB or 1GiB.');
}

/** `2x` or `512MiB`, as the topology file writes a bound. */
export function boundBytesArgument(text: string): Bound['bytes'] {
  return orRefused(() => parseBoundBytes(text), 'Write a multiple of the memory from 1.1x on, or a size as 512MiB.');
}

/** `120s` in milliseconds, as the topology file writes durations. */
export function durationArgument(text: string): number {
  return orRefused(() => parseDurationMs(text), 'Write a duration as 500ms, 120s or 5m.');
}

/** `9100`, `127.0.0.1:9100` or `[::1]:9100`; on loopback where no address is said. */
export function listenArgument(text: string): ListenAddress {
  const [, bracketed, plain, digits = ''] = /^(?:(?:\[([^\]]+)\]|([^:]+)):)?(\d{1,5})$/.exec(text) ?? [];
  const address = bracketed ?? plain ?? '127.0.0.1';
  if (digits === '' || Number(digits) > 65_535 || isIP(address) === 0)
    throw new InvalidArgumentError('Write a port, or an address and a port: 9100, 127.0.0.1:9100, [::1]:9100.');
  return { address, port: Number(digits) };
}

/** Where a host is reached that no file names. */
export type SshTarget = Pick<SshSettings, 'user' | 'address' | 'port' | 'assumed'>;

const USER = '([A-Za-z_][A-Za-z0-9_.-]*[$]?)';
const BRACKETED = String.raw`\[([0-9A-Fa-f:.]+)\]`;
/** A name, an IPv4 address, or an IPv6 address, which has two colons at least. */
const PLAIN = '([A-Za-z0-9][A-Za-z0-9._-]*|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f.]*)';
const SSH_TARGET = new RegExp(String.raw`^(?:${USER}@)?(?:${BRACKETED}|${PLAIN})(?::(\d{1,5}))?$`);

/**
 * `[USER@]ADDRESS[:PORT]`; an IPv6 address that has a port stands in brackets. The parts are those that a topology's
 * `ssh` takes.
 */
export function sshTargetArgument(text: string): SshTarget {
  const [, user, bracketed, plain, digits] = SSH_TARGET.exec(text) ?? [];
  const address = bracketed ?? plain;
  const port = Number(digits ?? 22);
  if (address === undefined || port < 1 || port > 65_535 || (address.includes(':') && isIP(address) === 0))
    throw new InvalidArgumentError(
      'Write [USER@]ADDRESS[:PORT]: root@192.0.2.7, host-a.example:2222, [2001:db8::7]:22.',
    );
  const assumed = [
    ...(user === undefined ? (['user'] as const) : []),
    ...(digits === undefined ? (['port'] as const) : []),
  ];
  return { user: user ?? 'root', address, port, assumed };
}

/** Where packages come from, as apt has it in its lists of sources. */
export function mirrorArgument(text: string): string {
  if (!/^(https?|file|copy):\/\/?[^\s]+$/.test(text))
    throw new InvalidArgumentError('Write a URL: http://deb.debian.org/debian.');
  return text;
}

/** `SHA256:…` as the topology's `hostKey`. */
export function hostKeyArgument(text: string): string {
  if (!/^SHA256:[A-Za-z0-9+/]{43}=?$/.test(text))
    throw new InvalidArgumentError('Write a fingerprint as `ssh-keygen -lf` prints it: SHA256:….');
  return text;
}

/** A name as topologies have them. */
export function nameArgument(text: string): string {
  if (!isTopologyName(text))
    throw new InvalidArgumentError('Write a lower-case letter, then up to 30 lower-case letters, digits and dashes.');
  return text;
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

/** `8,16,32`: how many hosts each lab of the bench has. */
export function sizesArgument(text: string): number[] {
  const sizes = text.split(',').map(Number);
  if (sizes.some((size) => !Number.isInteger(size) || size < 2 || size > MOST_HOSTS))
    throw new InvalidArgumentError(`Write numbers from 2 to ${MOST_HOSTS}: 8,16,32,64.`);
  return [...new Set(sizes)];
}

/** `full,flow,hub`: ways to join the hosts, in the file's words. */
export function meshesArgument(text: string): string[] {
  const meshes = text.split(',').map((mesh) => mesh.trim());
  if (meshes.some((mesh) => !/^[a-z]+$/.test(mesh))) throw new InvalidArgumentError('Write some of full,flow,hub.');
  return [...new Set(meshes)];
}

/** Points, or a share of them from 0 to 1. */
export type MinScore = { readonly points: number } | { readonly share: number };

/** `6.5` or `60%`. */
export function minScoreArgument(text: string): MinScore {
  const [, digits, percent] = /^(\d{1,6}(?:\.\d{1,2})?)(%?)$/.exec(text) ?? [];
  if (digits === undefined || (percent === '%' && Number(digits) > 100))
    throw new InvalidArgumentError('Write points as 6 or 6.5, or a share as 60%.');
  return percent === '%' ? { share: Number(digits) / 100 } : { points: Number(digits) };
}

function orRefused<T>(parse: () => T, fix: string): T {
  try {
    return parse();
  } catch {
    throw new InvalidArgumentError(fix);
  }
}
