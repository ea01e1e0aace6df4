import { DriverError } from '../compute/driver-error.js';
import { VxmigError } from '../model/errors.js';
import { formatBytes } from '../model/quantities.js';
import type { Run } from './migration.js';

/** A copy of which nothing has been sent does not fail because the guest writes too much. */
export function neverBegan({ vm, source, destination, options }: Run): VxmigError {
  return new VxmigError(
    'MIGRATION_FAILED',
    `the copy of ${vm.name} did not begin within ${options.timeoutMs} ms: no memory was sent from ${source.name}`,
    {
      where: vm.name,
      hint:
        `QEMU on ${destination.name} may wait for the VM's disk, or packets to its migration port are dropped: ` +
        `\`vxmig doctor FILE\` looks at both; its log is on ${destination.name} in /var/log/libvirt/qemu.`,
    },
  );
}

export function tooSlow(run: Run): VxmigError {
  return new VxmigError('MIGRATION_FAILED', lateCopy(run), {
    where: run.vm.name,
    hint:
      'The guest may dirty memory faster than it can be sent: raise `migration.timeout`, or use the strategy ' +
      'auto-converge, post-copy or bounded.',
  });
}

/** The strategy itself has given it up: the guest goes on where it is, and has not stood still. */
export function calledOff({ vm, strategy, options }: Run, why: string): VxmigError {
  const speed = options.bandwidthBytesPerSecond === null ? '' : ', or more `migration.bandwidth`';
  return new VxmigError('MIGRATION_FAILED', `${vm.name} was not moved by ${strategy.name}: ${why}`, {
    where: vm.name,
    hint: `Give it more room: more in \`migration.bound\`${speed}; the guest may write less at another time.`,
  });
}

/** What is said of a copy that takes longer than it may. */
export function lateCopy({ vm, options }: Run): string {
  return `the copy of ${vm.name} did not end within ${options.timeoutMs} ms`;
}

/** Disks that are copied have not come forward for as long as the whole memory may take. */
export function stuckDisks({ vm, source, destination, options }: Run, bytes: number): VxmigError {
  return new VxmigError(
    'MIGRATION_FAILED',
    `the copy of the disks of ${vm.name} has stood still for ${options.timeoutMs} ms, after ${formatBytes(bytes)}`,
    {
      where: vm.name,
      hint:
        `Does the storage of ${source.name} and of ${destination.name} answer, and does the underlay carry packets ` +
        'between them? `vxmig verify FILE` looks at the underlay.',
    },
  );
}

/**
 * The source's driver has gone silent about the VM, though the host itself answers: while it connects to a port that
 * nothing comes back from, or while the hypervisor stands still. Other failures are as they were.
 */
export async function ofSilence(run: Run, error: unknown): Promise<unknown> {
  if (!(error instanceof DriverError) || error.kind !== 'silent' || run.signal.aborted) return error;
  // Where even that cannot be asked, the silence is all that is known.
  const port = await run.portSilence().catch(() => null);
  const where = run.vm.name;
  if (port === null)
    return new VxmigError('MIGRATION_FAILED', error.message, { where, hint: error.hint, cause: error });
  return new VxmigError('MIGRATION_FAILED', `${port.message}; ${error.message}`, {
    where,
    hint: port.hint,
    cause: error,
  });
}
