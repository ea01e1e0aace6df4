import type { HostShell } from '../../host/connection.js';
import { DomainDefinition } from '../../model/domain-definition.js';
import { shellWord } from '../../model/quote.js';

/** A domain as it is now, and what of it a migration has to know. */
export interface DomainDetails {
  /** The live definition where it runs, with the chains of its disks. */
  readonly definition: DomainDefinition;
  /** Names of its snapshots and checkpoints. */
  readonly snapshots: readonly string[];
  readonly checkpoints: readonly string[];
}

/** One host's libvirt and its CPU. */
export interface LibvirtHost {
  /** By which libvirt tells hosts apart; empty where it does not say. */
  readonly uuid: string;
  /** Of the QEMU that libvirt starts there; empty where it does not say. */
  readonly qemuVersion: string;
  readonly cpu: HostCpu;
}

export interface HostCpu {
  /** `GenuineIntel 6 143`: vendor, family, model. */
  readonly model: string;
  /** As /proc/cpuinfo names what it can. */
  readonly flags: readonly string[];
}

const VIRSH = 'virsh -q -c qemu:///system';
const MARK = '=== vxmig';

/** null: libvirt there knows no such domain. @throws CommandError where it does not answer; VxmigError HOST_UNFIT */
export async function observeDetails(shell: HostShell, domain: string): Promise<DomainDetails | null> {
  const name = shellWord(domain);
  // Each question is asked whatever became of the one before it.
  const questions =
    `echo '${MARK}'; dumpxml --domain ${name}; echo '${MARK}'; snapshot-list --name --domain ${name}; echo ` +
    `'${MARK}'; checkpoint-list --name --domain ${name}; echo '${MARK}'`;
  const argv = ['env', 'LC_ALL=C.UTF-8', ...VIRSH.split(' '), questions];
  const { stdout } = await shell.run(argv);
  const [, xml = '', snapshots = '', checkpoints = ''] = stdout.split(MARK);
  if (!xml.includes('<domain')) return null;
  return {
    definition: DomainDefinition.parse(xml.trim()),
    snapshots: linesOf(snapshots),
    checkpoints: linesOf(checkpoints),
  };
}

/** The disks of the domain, by the guest's names, on which a job of QEMU's works. */
export async function disksWithJobs(shell: HostShell, domain: string, targets: readonly string[]): Promise<string[]> {
  if (targets.length === 0) return [];
  const name = shellWord(domain);
  const questions = targets.map(
    (target) => `echo '${MARK}'; blockjob --domain ${name} --path ${shellWord(target)} --info`,
  );
  const argv = ['env', 'LC_ALL=C.UTF-8', ...VIRSH.split(' '), questions.join('; ')];
  const { stdout } = await shell.run(argv, { accept: [0, 1] });
  const [, ...answers] = stdout.split(MARK);
  return targets.filter((_, index) => /\[ *\d+(\.\d+)? *%\]/.test(answers[index] ?? ''));
}

/** @throws CommandError where libvirt does not answer */
export async function observeLibvirtHost(shell: HostShell): Promise<LibvirtHost> {
  const script =
    `LC_ALL=C.UTF-8 ${VIRSH} 'version; capabilities' | sed -n 's/^Running hypervisor: QEMU ` +
    `*/qemu=/p;s/.*<uuid>\\(.*\\)<\\/uuid>.*/uuid=\\1/p;/<\\/host>/q'; sed -n '1,/^$/p' /proc/cpuinfo`;
  const { stdout } = await shell.run(['sh', '-c', script]);
  const field = (name: string) => new RegExp(`^${name}\\s*[:=] *(.*)$`, 'm').exec(stdout)?.[1]?.trim() ?? '';
  const flags = field('flags') || field('Features');
  return {
    uuid: field('uuid').toLowerCase(),
    qemuVersion: field('qemu'),
    cpu: {
      model: ['vendor_id', 'cpu family', 'model'].map(field).join(' ').trim(),
      flags: flags.split(' ').filter((flag) => flag !== ''),
    },
  };
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
