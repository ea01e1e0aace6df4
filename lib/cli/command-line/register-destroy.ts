import { type Command, Option } from 'commander';
import { hostKeyArgument, type SshTarget, sshTargetArgument } from './arguments.js';
import type { Choose } from './choose.js';
import { type LockFlags, lockOptions, withLockOptions } from './lock-options.js';

interface DestroyFlags extends LockFlags {
  readonly yes?: boolean;
  readonly disks?: boolean;
  readonly host?: readonly SshTarget[];
  readonly hostKey?: readonly string[];
  readonly identity?: string;
}

export function registerDestroy(program: Command, choose: Choose): void {
  const command = withLockOptions(program.command('destroy'));
  /** An option that may be said again; what the environment has said is then replaced. */
  const each =
    <Value>(name: keyof DestroyFlags, parse: (text: string) => Value) =>
    (text: string, before: readonly Value[] | undefined) => [
      ...(command.getOptionValueSource(name) === 'cli' ? (before ?? []) : []),
      parse(text),
    ];
  command
    .description('remove what vxmig made on the hosts, and nothing else')
    .argument('<file-or-name>', "topology file, or the topology's name: of a lab, or with --host")
    .option('-y, --yes', 'do not ask')
    .option('--disks', 'also the images of disks that vxmig has made, with all that guests have written to them')
    .addOption(
      new Option(
        '--host <target>',
        'where the file is lost: a host, as [USER@]ADDRESS[:PORT]; again for each',
      ).argParser(each('host', sshTargetArgument)),
    )
    .addOption(
      new Option(
        '--host-key <fingerprint>',
        'its key, as SHA256:…; again for each, in their order (default: known_hosts decides)',
      ).argParser(each('hostKey', hostKeyArgument)),
    )
    .option('--identity <file>', "private key for these hosts (default: the agent's keys and the usual files)")
    .addHelpText(
      'after',
      '\nExample:\n  vxmig destroy topologies/two-subnets.yaml\n' +
        '  vxmig destroy two-subnets --host root@192.0.2.7 --host root@192.0.2.8:2222\nNext:\n' +
        '  vxmig lab down FILE',
    )
    .action((fileOrName: string, { yes, disks, host, hostKey, identity, ...lock }: DestroyFlags) => {
      const said = { hosts: host ?? [], hostKeys: hostKey ?? [], identityFile: identity ?? null };
      const given = { yes: yes ?? false, disks: disks ?? false, lock: lockOptions(lock), said };
      choose(async (context) => (await import('../commands/destroy.js')).destroyCommand(context, fileOrName, given), {
        logs: true,
      });
    });
}
