import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError, messageOf, VxmigError } from '../model/errors.js';
import { shellLine } from '../model/quote.js';
import { type MigrationContext, note } from './context.js';
import type { MigrationHost } from './needs.js';

/** The rest is in the logs. */
const MOST_CAUSES = 3;
/** The guest may stand still until it is settled where it is: a host that is away must not hold that up. */
const LOG_LIMIT_MS = 3_000;
/** A clock that is asked twice, and a log whose lines are written late. */
const MARGIN_MS = 100;

/** What virsh has said of a migration that failed, and what libvirt and QEMU have written down at both ends: peer to peer, half of it gets lost on the way. */
export async function failureText(context: MigrationContext, stderr: string): Promise<string> {
  const { source, destination } = context;
  const said = stderr.trim() || 'it said nothing';
  const [there, here] = await Promise.all([errorsOf(context, destination), errorsOf(context, source)]);
  const known = new Set<string>();
  const causes = [
    ...there.map((text) => ({ host: destination.name, text })),
    ...here.map((text) => ({ host: source.name, text })),
  ].filter(({ text }) => {
    // Each end repeats what the other has told it, with words of its own before it.
    const repeated = said.includes(text) || [...known].some((other) => other.includes(text) || text.includes(other));
    known.add(text);
    return !repeated;
  });
  const words = causes.slice(0, MOST_CAUSES).map(({ host, text }) => `; libvirt on ${host}: ${text}`);
  return `virsh migrate failed on ${source.name}: ${said}${words.join('')}`;
}

export function failureHint({ domain, source, destination }: MigrationContext): string {
  const log = shellLine(['tail', `/var/log/libvirt/qemu/${domain}.log`]);
  return (
    `The VM stays on ${source.name}. What QEMU has said is on ${destination.name} and ${source.name}: \`${log}\`; ` +
    "libvirtd's own words: `journalctl -u libvirtd -u virtqemud`, or /var/log/libvirt/libvirtd.log."
  );
}

async function errorsOf(context: MigrationContext, host: MigrationHost): Promise<readonly string[]> {
  const { copyBeganAtMs, clocks, domain } = context;
  const sinceMs = (copyBeganAtMs ?? Date.now()) + (clocks.get(host.name)?.offsetMs ?? 0) - MARGIN_MS;
  try {
    const late = sleep(LOG_LIMIT_MS, null, { ref: false });
    const errors = await Promise.race([host.libvirtErrors(domain, sinceMs), late]);
    if (errors === null) note(context, host.name, Date.now(), 'its logs were not read in time');
    return errors ?? [];
  } catch (error) {
    note(context, host.name, Date.now(), `its logs could not be read: ${messageOf(error)}`);
    return [];
  }
}

/** A copy of which nothing has been sent does not fail because the guest writes too much. */
export function neverBegan({ vm, source, destination, options }: MigrationContext): VxmigError {
  return new VxmigError(
    'MIGRATION_FAILED',
    `the copy of ${vm.name} did not begin within ${options.timeoutMs} ms: no memory was sent from ${source.name}`,
    {
      where: vm.name,
      hint: `QEMU on ${destination.name} may wait for the VM's disk, or packets to its migration port are dropped: \`vxmig doctor FILE\` looks at both; its log is on ${destination.name} in /var/log/libvirt/qemu.`,
    },
  );
}

/**
 * libvirt on the source has gone silent about the domain, though the host itself answers: while it connects to a port that nothing comes back from, or
 * while QEMU stands still. Other failures are as they were.
 */
export async function ofSilence(context: MigrationContext, error: unknown): Promise<unknown> {
  if (!(error instanceof VxmigError) || error.code !== 'COMMAND_FAILED' || context.signal.aborted) return error;
  // It has answered, with a failure.
  if (error instanceof CommandError && error.exitCode !== null) return error;
  const { source, destination, domain, vm } = context;
  const silence = await context.portSilence().catch(() => null);
  const what = `libvirt on ${source.name} gave no answer about ${domain} (${messageOf(error)})`;
  if (silence !== null) {
    const { message, hint } = silence;
    return new VxmigError('MIGRATION_FAILED', `${message}; ${what}`, { where: vm.name, hint, cause: error });
  }
  return new VxmigError('MIGRATION_FAILED', `${what}: it, or the VM's QEMU, stands still`, {
    where: vm.name,
    hint: `Storage that does not answer does that: is the server of its disks there for ${source.name} and ${destination.name}? libvirtd itself is looked at with \`virsh list\` on ${source.name}.`,
    cause: error,
  });
}
