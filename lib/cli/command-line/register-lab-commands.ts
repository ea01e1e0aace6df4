import type { Command } from 'commander';
import type { Choose } from './choose.js';

/** The namespace lab on this machine. */
export function registerLabCommands(program: Command, choose: Choose): void {
  const lab = program
    .command('lab')
    .description('hosts as namespaces on this machine, for topologies with `lab: {}`')
    .addHelpText(
      'after',
      '\nExample:\n  vxmig lab up topologies/two-subnets.yaml\n  vxmig lab exec topologies/two-subnets.yaml host-a -- ovs-vsctl show',
    );

  lab
    .command('up')
    .description('build the hosts and routers; again: only what is missing')
    .argument('<file>', 'topology file')
    .option('--kvm', 'give the hosts /dev/kvm; `vxmig doctor` tries whether guests boot with it (default: TCG)')
    .addHelpText('after', '\nExample:\n  vxmig lab up topologies/two-subnets.yaml\nNext:\n  vxmig apply FILE')
    .action((file: string, options: { kvm?: boolean }) => {
      const kvm = options.kvm ?? false;
      choose(async (context) => (await import('../commands/lab.js')).labUpCommand(context, file, { kvm }), {
        logs: true,
      });
    });

  lab
    .command('down')
    .description('remove everything of the lab, also what a killed `up` has left')
    .argument('<file-or-name>', "topology file, or the lab's name")
    .addHelpText('after', '\nExample:\n  vxmig lab down two-subnets')
    .action((fileOrName: string) => {
      choose(async (context) => (await import('../commands/lab.js')).labDownCommand(context, fileOrName), {
        logs: true,
      });
    });

  lab
    .command('status')
    .description('every machine of the lab, and whether its daemons answer')
    .argument('<file-or-name>', "topology file, or the lab's name")
    .addHelpText('after', '\nExample:\n  vxmig lab status two-subnets')
    .action((fileOrName: string) => {
      choose(async (context) => (await import('../commands/lab.js')).labStatusCommand(context, fileOrName));
    });

  lab
    .command('exec')
    .description('run a command inside a host, or inside `router`')
    .argument('<file-or-name>', "topology file, or the lab's name")
    .argument('<host>', 'host of the lab, or `router`')
    .argument('<command...>', 'the command and its arguments, after `--`')
    .addHelpText(
      'after',
      "\nIts exit status is the command's own.\n\nExample:\n  vxmig lab exec topologies/two-subnets.yaml host-a -- virsh list --all",
    )
    .action((fileOrName: string, host: string, command: string[]) => {
      choose(
        async (context) => (await import('../commands/lab.js')).labExecCommand(context, fileOrName, host, command),
        {
          ownSignals: true,
        },
      );
    });

  lab
    .command('ls')
    .description('the labs on this machine')
    .addHelpText('after', '\nExample:\n  vxmig lab ls')
    .action(() => {
      choose(async (context) => (await import('../commands/lab.js')).labListCommand(context));
    });
}
