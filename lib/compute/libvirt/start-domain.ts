import type { HostShell } from '../../host/connection.js';
import { CommandError, VxmigError } from '../../model/errors.js';
import { formatMs } from '../../model/quantities.js';
import { shellLine } from '../../model/quote.js';
import { DOMAIN_COMMANDS } from './virsh.js';

/**
 * QEMU opens its disks before libvirt hears of it, and waits for storage that does not answer for as long as that
 * takes.
 */
const START_TIMEOUT_MS = 60_000;
const ANSWER_TIMEOUT_MS = 15_000;
const VIRSH = ['virsh', '-q', '-c', 'qemu:///system'] as const;

/**
 * Starts a domain. One that does not come up is ended, as nothing of it has run yet: libvirt would answer no question
 * about it meanwhile.
 * @throws CommandError; VxmigError HOST_UNFIT where it is still starting when its time is over
 */
export async function startDomain(shell: HostShell, name: string, timeoutMs: number = START_TIMEOUT_MS): Promise<void> {
  try {
    await shell.run(DOMAIN_COMMANDS.start(name).argv, { timeoutMs });
  } catch (cause) {
    if (!(cause instanceof CommandError) || cause.exitCode !== null) throw cause;
    const state = await ask(shell, 'domstate', '--reason', '--domain', name);
    // In the last moment.
    if (state.startsWith('running')) return;
    const disks = await disksOf(shell, name);
    const ended = await shell
      .run(DOMAIN_COMMANDS.stop(name).argv, { timeoutMs: ANSWER_TIMEOUT_MS, accept: [0, 1] })
      .then(
        () => '; its start was given up',
        () => '',
      );
    const waits =
      disks === ''
        ? 'it waits, most likely for storage that does not answer'
        : `it waits, most likely for its storage (${disks}), which does not answer`;
    throw new VxmigError(
      'HOST_UNFIT',
      `the domain ${name} has not started on ${shell.name} within ${formatMs(timeoutMs)}: ${waits}${ended}`,
      {
        where: `${shell.name} ${name}`,
        hint:
          `See on ${shell.name} whether that storage can be reached and read; ` +
          `\`${shellLine(['virsh', 'domblklist', '--details', name])}\` lists the disks, ` +
          `and \`${shellLine(['tail', `/var/log/libvirt/qemu/${name}.log`])}\` what QEMU has said.`,
        cause,
      },
    );
  }
}

/** What its disks are read from, without those that are empty. */
async function disksOf(shell: HostShell, name: string): Promise<string> {
  const text = await ask(shell, 'domblklist', '--details', '--domain', name);
  const sources = text.split('\n').flatMap((line) => /^\s*\S+\s+\S+\s+\S+\s+(.+?)\s*$/.exec(line)?.[1] ?? []);
  return sources.filter((source) => source !== '-').join(', ');
}

async function ask(shell: HostShell, ...words: readonly string[]): Promise<string> {
  const argv = ['env', 'LC_ALL=C.UTF-8', ...VIRSH, ...words];
  return await shell.run(argv, { timeoutMs: ANSWER_TIMEOUT_MS }).then(
    ({ stdout }) => stdout.trim(),
    () => '',
  );
}
