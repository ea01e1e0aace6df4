import type { HostShell, RunResult } from '../../host/connection.js';
import { printable } from '../../model/printable.js';
import type { CpuModel } from '../../negotiate/offer.js';
import { cpuModelIn, virtualCpuIn } from './capabilities.js';
import { UNTRANSLATED, virsh } from './virsh-command.js';

const PLATFORM = ['--arch', 'x86_64', '--machine', 'pc'] as const;

/** What `virsh` says of a CPU; null: none, and why not, in its own words. */
export type SaidCpu = { readonly model: CpuModel } | { readonly model: null; readonly complaint: string };

/** What `host-model` stands for on that host. @throws VxmigError where the host cannot be asked */
export async function observeHostModel(shell: HostShell, type: 'kvm' | 'qemu'): Promise<SaidCpu> {
  const argv = [...UNTRANSLATED, ...virsh('domcapabilities', '--virttype', type, ...PLATFORM)];
  const said = await shell.run(argv, { accept: [0, 1, 127] });
  const model = virtualCpuIn(said.stdout, '')?.hostModel ?? null;
  return model === null ? { model, complaint: complaintOf(said, 'libvirt there has no host-model') } : { model };
}

/** The question, as a person would ask it there. */
export function hostModelQuestion(type: 'kvm' | 'qemu'): string[] {
  return ['virsh', 'domcapabilities', '--virttype', type, ...PLATFORM];
}

/**
 * A CPU that all of them can give, as libvirt on that host reckons it (virsh(1), "hypervisor-cpu-baseline"). @throws
 * VxmigError where the host cannot be asked
 */
export async function findBaseline(
  shell: HostShell,
  type: 'kvm' | 'qemu',
  models: readonly CpuModel[],
): Promise<SaidCpu> {
  const stdin = models.map(({ xml }) => xml).join('\n');
  const file = ['--file', '/dev/stdin'] as const;
  const argv = [...UNTRANSLATED, ...virsh('hypervisor-cpu-baseline', '--virttype', type, ...PLATFORM, ...file)];
  const said = await shell.run(argv, { stdin, accept: [0, 1, 127] });
  const model = cpuModelIn(said.stdout);
  return model === null ? { model, complaint: complaintOf(said, 'libvirt finds none') } : { model };
}

/** `error: this; error: that`, without what virsh puts before each. */
function complaintOf({ stderr }: RunResult, otherwise: string): string {
  const lines = stderr.split('\n').map((line) => line.replace(/^error: /, '').trim());
  return printable(lines.filter((line) => line !== '').join('; ')) || otherwise;
}
