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

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
