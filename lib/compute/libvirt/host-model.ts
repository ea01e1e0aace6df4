import type { HostShell } from '../../host/connection.js';
import type { CpuModel } from '../../negotiate/offer.js';
import { cpuModelIn, virtualCpuIn } from './capabilities.js';
import { UNTRANSLATED, virsh } from './virsh-command.js';

const PLATFORM = ['--arch', 'x86_64', '--machine', 'pc'] as const;

/** What `host-model` stands for on that host; null: libvirt there does not tell. @throws VxmigError SSH_CONNECT */
export async function observeHostModel(shell: HostShell, type: 'kvm' | 'qemu'): Promise<CpuModel | null> {
  const argv = [...UNTRANSLATED, ...virsh('domcapabilities', '--virttype', type, ...PLATFORM)];
  const { stdout } = await shell.run(argv, { accept: [0, 1, 127] });
  return virtualCpuIn(stdout, '')?.hostModel ?? null;
}

/**
 * A CPU that all of them can give, as libvirt on that host reckons it (virsh(1), "hypervisor-cpu-baseline"); null: it
 * finds none, or does not tell.
 */
export async function findBaseline(
  shell: HostShell,
  type: 'kvm' | 'qemu',
  models: readonly CpuModel[],
): Promise<CpuModel | null> {
  const stdin = models.map(({ xml }) => xml).join('\n');
  const file = ['--file', '/dev/stdin'] as const;
  const argv = [...UNTRANSLATED, ...virsh('hypervisor-cpu-baseline', '--virttype', type, ...PLATFORM, ...file)];
  const { stdout } = await shell.run(argv, { stdin, accept: [0, 1, 127] });
  return cpuModelIn(stdout);
}
