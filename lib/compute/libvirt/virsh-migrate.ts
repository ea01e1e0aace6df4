import type { HostShell } from '../../host/connection.js';
import type { StorageProof } from '../../model/disk.js';
import { CommandError } from '../../model/errors.js';
import type { PostCopy } from '../driver.js';
import { type GuardedJob, guardMigrate } from './migrate-guard.js';
import { UNKNOWN_DOMAIN, UNTRANSLATED, virsh } from './virsh-command.js';

export interface MigrateOptions {
  readonly domain: string;
  /** How the source's libvirtd reaches the destination's libvirtd: `qemu+ssh://root@host-b/system`. */
  readonly destinationUri: string;
  /** The address that the memory is sent to: the destination's VTEP, so that no name has to be resolved. */
  readonly migrateAddress: string;
  readonly postCopy: PostCopy;
  readonly autoConverge: boolean;
  readonly bandwidthBytesPerSecond: number | null;
  /** Only what was proven goes past libvirt's own doubts. */
  readonly storage: StorageProof;
}

/** See {@link followMigrate}. */
export function migrateArgv(options: MigrateOptions): string[] {
  return virsh(
    'migrate',
    '--live',
    '--p2p',
    '--persistent',
    '--undefinesource',
    '--abort-on-error',
    // libvirt would refuse, for it goes by the kind of file system; that both hosts have the same file was seen.
    ...(options.storage.disks.some(({ hiddenFromLibvirt }) => hiddenFromLibvirt) ? ['--unsafe'] : []),
    ...copyArguments(options.storage),
    '--domain',
    options.domain,
    '--desturi',
    options.destinationUri,
    '--migrateuri',
    `tcp://${bracketed(options.migrateAddress)}`,
    ...{ never: [], 'on demand': ['--postcopy'], 'by itself': ['--postcopy', '--postcopy-after-precopy'] }[
      options.postCopy
    ],
    ...(options.autoConverge ? ['--auto-converge'] : []),
    // virsh takes whole MiB/s and reads 0 as "no limit".
    ...(options.bandwidthBytesPerSecond === null
      ? []
      : ['--bandwidth', String(Math.max(1, Math.round(options.bandwidthBytesPerSecond / 1_048_576)))]),
  );
}

/**
 * With writes that wait until they are at both ends the copy comes to its end however fast the guest writes. Other
 * disks are seen by both hosts.
 */
function copyArguments({ copies }: StorageProof): string[] {
  if (copies.length === 0) return [];
  const how = copies.some(({ base }) => base !== null) ? '--copy-storage-inc' : '--copy-storage-all';
  const targets = copies.map(({ target }) => target).join(',');
  return [how, '--copy-storage-synchronous-writes', '--migrate-disks', targets];
}

/**
 * `virsh migrate` on the source; it ends when the VM runs at the destination or the migration failed. Peer to peer:
 * with a virsh that drives the migration itself, its death in the last phase would leave the VM paused at the source
 * and gone at the destination.
 */
export async function followMigrate(shell: HostShell, options: MigrateOptions): Promise<GuardedJob> {
  const { domain, destinationUri, migrateAddress, storage, postCopy } = options;
  const copiesTo = storage.copies.length === 0 ? null : bracketed(migrateAddress);
  // In post-copy it runs at the destination before the end, and libvirt never lets it run at the source again.
  if (postCopy !== 'never') return await guardMigrate(shell, domain, migrateArgv(options), null, copiesTo);
  return await guardMigrate(shell, domain, [...migrateArgv(options), '--suspend'], destinationUri, copiesTo);
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** Raw job statistics of the running job, or of the last completed one; empty where libvirt has none. */
export async function readJobStats(shell: HostShell, domain: string, which: 'running' | 'completed'): Promise<string> {
  const argv = virsh(
    'domjobinfo',
    '--rawstats',
    ...(which === 'completed' ? ['--completed', '--keep-completed'] : []),
    '--domain',
    domain,
  );
  const { stdout, exitCode } = await shell.run(argv, { accept: [0, 1] });
  return exitCode === 0 ? stdout : '';
}

/** libvirt answers within milliseconds, or hangs. */
const ANSWER_TIMEOUT_MS = 10_000;
/** From then on something holds it up. */
export const LATE_ANSWER_MS = 3_000;

/**
 * Whether libvirt works on it: while it does, the domain may end or come to life without our doing. @throws
 * CommandError where libvirt does not answer
 */
export async function hasJob(shell: HostShell, domain: string): Promise<boolean> {
  const argv = [...UNTRANSLATED, ...virsh('domjobinfo', '--rawstats', '--domain', domain)];
  const { stdout, stderr, exitCode } = await shell.run(argv, { accept: [0, 1], timeoutMs: ANSWER_TIMEOUT_MS });
  if (exitCode === 0) return !/^Job type: *0\s*$/m.test(stdout);
  if (UNKNOWN_DOMAIN.test(stderr) || /domain is not running/.test(stderr)) return false;
  throw new CommandError(shell.name, argv, exitCode, stderr);
}

/**
 * Ends a running migration at the source; the VM goes on there. Harmless where no job runs. @throws CommandError where
 * libvirt does not answer
 */
export async function abortJob(shell: HostShell, domain: string): Promise<void> {
  await shell.run(virsh('domjobabort', '--domain', domain), { accept: [0, 1], timeoutMs: ANSWER_TIMEOUT_MS });
}
