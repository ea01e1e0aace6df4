import type { HostShell } from '../../host/connection.js';
import { DROP_WAITING } from '../../host/tap-queue.js';
import type { Command } from '../../model/command.js';
import { ARRIVING_NAMESPACE, MARK_NAMESPACE } from '../../model/domain-marks.js';
import { VIRSH, virsh } from './virsh-command.js';

/** What is done to a domain, as commands. */
export const DOMAIN_COMMANDS = {
  define: (xml: string): Command => ({ argv: virsh('define', '--validate', '--file', '/dev/stdin'), stdin: xml }),
  start: (name: string): Command => ({ argv: virsh('start', '--domain', name) }),
  /** What waits for it is delivered: see {@link resumeDomain}. */
  resume: (name: string): Command => ({ argv: virsh('resume', '--domain', name) }),
  shutdown: (name: string): Command => ({ argv: virsh('shutdown', '--domain', name) }),
  stop: (name: string): Command => ({ argv: virsh('destroy', '--domain', name) }),
  /** The variables of its firmware are its owner's; libvirt refuses where nobody says what becomes of them. */
  undefine: (name: string): Command => ({ argv: virsh('undefine', '--keep-nvram', '--domain', name) }),
  /**
   * Replaces the interface of that MAC in the stored definition, which counts from the next start. libvirt changes what
   * it has stored itself, with all that it shows to nobody.
   */
  'update-nic': (name: string, xml: string): Command => ({
    argv: virsh('update-device', '--config', '--domain', name, '--file', '/dev/stdin'),
    stdin: xml,
  }),
  /** vxmig's own element of a domain's metadata, of the stored definition and of one that runs; null: it goes. */
  mark: (name: string, element: string | null, which: readonly ('config' | 'live')[]): Command => ({
    argv: virsh(
      'metadata',
      '--domain',
      name,
      '--uri',
      MARK_NAMESPACE,
      ...(element === null ? ['--remove'] : ['--key', 'vxmig', '--set', element]),
      ...which.map((one) => `--${one}`),
    ),
  }),
  autostart: (name: string): Command => ({ argv: virsh('autostart', '--domain', name) }),
} as const;

export async function defineDomain(shell: HostShell, xml: string): Promise<void> {
  await runCommand(shell, DOMAIN_COMMANDS.define(xml));
}

/** @throws CommandError where libvirt does not take the interface */
export async function updateNic(shell: HostShell, name: string, xml: string): Promise<void> {
  await runCommand(shell, DOMAIN_COMMANDS['update-nic'](name, xml));
}

export async function markDomain(
  shell: HostShell,
  name: string,
  element: string | null,
  which: readonly ('config' | 'live')[],
): Promise<void> {
  await runCommand(shell, DOMAIN_COMMANDS.mark(name, element, which));
}

/** It starts with its host from now on. */
export async function autostartDomain(shell: HostShell, name: string): Promise<void> {
  await runCommand(shell, DOMAIN_COMMANDS.autostart(name));
}

export async function startDomain(shell: HostShell, name: string): Promise<void> {
  await shell.run(DOMAIN_COMMANDS.start(name).argv);
}

export async function destroyDomain(shell: HostShell, name: string): Promise<void> {
  await shell.run(DOMAIN_COMMANDS.stop(name).argv);
}

async function runCommand(shell: HostShell, { argv, stdin }: Command): Promise<void> {
  await shell.run(argv, stdin === undefined ? {} : { stdin });
}

/** domiflist's columns are Interface, Type, Source, Model and MAC. */
const RESUME = `${DROP_WAITING}
taps=$(${VIRSH.join(' ')} domiflist --domain "$1" | awk '$2 == "ethernet" { print $1 }')
drop_waiting $taps || echo 'what waits is delivered' >&2
${VIRSH.join(' ')} resume --domain "$1" || exit
${VIRSH.join(' ')} metadata --domain "$1" --live --uri '${ARRIVING_NAMESPACE}' --remove >/dev/null 2>&1 || true
`;

/** What has come for it while it was paused is dropped: nobody waits any more for an answer to it. */
export async function resumeDomain(shell: HostShell, name: string): Promise<void> {
  await shell.run(['sh', '-s', '--', name], { stdin: RESUME });
}

export async function undefineDomain(shell: HostShell, name: string): Promise<void> {
  await shell.run(DOMAIN_COMMANDS.undefine(name).argv);
}
