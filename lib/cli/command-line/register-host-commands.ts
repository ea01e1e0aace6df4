import { type Command, Option } from 'commander';
import type { CopyStorage } from '../../model/disk-copy.js';
import { SCRIPT_STEPS } from '../../model/plan-script.js';
import type { Bound, PostCopyAfter } from '../../model/strategy-settings.js';
import type { StrategyName } from '../../model/topology.js';
import { MOVES_PER_HOST } from '../../placement/schedule.js';
import { BOUND_ENDS } from '../../strategies/bounded.js';
import { STRATEGY_NAMES } from '../../strategies/registry.js';
import type { PlanFlags } from '../commands/plan.js';
import type { WatchFlags } from '../commands/watch.js';
import { boundBytesArgument, countArgument, durationArgument, listenArgument, sizeArgument } from './arguments.js';
import type { Choose } from './choose.js';
import { type LockFlags, lockOptions, withLockOptions } from './lock-options.js';
import { registerDestroy } from './register-destroy.js';

/** Commands that talk to the topology's hosts. */
export function registerHostCommands(program: Command, choose: Choose): void {
  registerLooking(program, choose);
  registerChanging(program, choose);
  registerDestroy(program, choose);
  registerWatch(program, choose);
}

function registerLooking(program: Command, choose: Choose): void {
  program
    .command('doctor')
    .description('check what each host needs, and say how to fix it; boots a guest to try KVM')
    .argument('<file>', 'topology file')
    .addHelpText('after', '\nExample:\n  vxmig doctor topologies/two-subnets.yaml\nNext:\n  vxmig apply FILE')
    .action((file: string) => {
      choose(async (context) => (await import('../commands/doctor.js')).doctorCommand(context, file), { logs: true });
    });

  program
    .command('plan')
    .description('what apply would do, and why, without touching anything')
    .argument('<file>', 'topology file')
    .option('--detailed-exitcode', 'exit with 2 if changes are pending')
    .option('--as-shell', 'print the commands that do the same, for each host')
    .option('--host <host>', "of the commands, one host's: a script that runs there")
    .addOption(new Option('--step <step>', 'of the commands, those of one step').choices(SCRIPT_STEPS))
    .addOption(parallelOption())
    .addHelpText(
      'after',
      '\nThe commands are in the order in which apply does it: the networks of all hosts, VMs, migrations, ' +
        'removals. Where VMs are\nmigrated, run each step on all hosts before the next.\n\nExample:\n' +
        '  vxmig plan topologies/two-subnets.yaml\n' +
        '  vxmig plan FILE --as-shell --host host-a | ssh root@host-a sh\nNext:\n  vxmig apply FILE',
    )
    .action((file: string, { detailedExitcode, asShell, ...part }: Partial<PlanFlags>) => {
      const flags = { ...part, detailedExitcode: detailedExitcode ?? false, asShell: asShell ?? false };
      choose(async (context) => (await import('../commands/plan.js')).planCommand(context, file, flags), {
        logs: true,
      });
    });

  program
    .command('verify')
    .description('check tables, flows, tunnels, reachability and isolation as they are now')
    .argument('<file>', 'topology file')
    .addHelpText('after', '\nExample:\n  vxmig verify topologies/two-subnets.yaml')
    .action((file: string) => {
      choose(async (context) => (await import('../commands/verify.js')).verifyCommand(context, file), { logs: true });
    });

  program
    .command('status')
    .description('hosts, tunnels, VMs, and where each MAC is known')
    .argument('<file>', 'topology file')
    .addHelpText('after', '\nExample:\n  vxmig status topologies/two-subnets.yaml')
    .action((file: string) => {
      choose(async (context) => (await import('../commands/status.js')).statusCommand(context, file), { logs: true });
    });
}

function registerChanging(program: Command, choose: Choose): void {
  withLockOptions(program.command('apply'))
    .description('bring the hosts to what the file says, and live-migrate every VM whose host has changed')
    .argument('<file>', 'topology file')
    .addHelpText(
      'after',
      '\nA second apply does nothing.\n\nExample:\n  vxmig apply topologies/two-subnets.yaml\nNext:\n' +
        '  vxmig migrate FILE VM --to HOST',
    )
    .addOption(parallelOption())
    .action((file: string, { parallel, ...options }: LockFlags & { readonly parallel?: number }) => {
      const flags = { lock: lockOptions(options), ...(parallel === undefined ? {} : { parallel }) };
      choose(async (context) => (await import('../commands/apply.js')).applyCommand(context, file, flags), {
        logs: true,
      });
    });

  withLockOptions(program.command('migrate'))
    .description('move one VM to another host while it runs, and measure who noticed')
    .argument('<file>', 'topology file')
    .argument('<vm>', 'the VM to move')
    .requiredOption('--to <host>', 'where to')
    .addOption(
      new Option('--strategy <strategy>', "how to copy its memory (default: the file's)").choices(STRATEGY_NAMES),
    )
    .addOption(
      new Option('--bandwidth <size>', 'upper bound of the copy per second, like 64MiB').argParser(sizeArgument),
    )
    .addOption(
      new Option('--timeout <duration>', 'call the copy off after that time, like 120s').argParser(durationArgument),
    )
    .addOption(
      new Option(
        '--copy-storage <how>',
        'copy disks that the new host does not see: all of them, or what lies above a base that both hosts have',
      ).choices(['all', 'inc']),
    )
    .addOption(
      new Option('--bound-bytes <bytes>', 'bounded: no more memory on the wire, like 2x or 512MiB').argParser(
        boundBytesArgument,
      ),
    )
    .addOption(
      new Option('--bound-duration <duration>', 'bounded: no longer than that, like 60s').argParser(durationArgument),
    )
    .addOption(new Option('--bound-then <end>', 'bounded: what is done when no more would fit').choices(BOUND_ENDS))
    .addOption(
      new Option('--post-copy-after-passes <number>', 'hybrid: let the guest go after so many passes').argParser(
        countArgument,
      ),
    )
    .addOption(
      new Option('--post-copy-after-duration <duration>', 'hybrid: and after so much time, like 60s').argParser(
        durationArgument,
      ),
    )
    .option('--no-redirect', 'do not send frames ahead: the plain way, for comparison')
    .option('--write', 'write the new host into the file, keeping its comments')
    .addHelpText(
      'after',
      '\nExample:\n  vxmig migrate topologies/two-subnets.yaml web --to host-b\nNext:\n' +
        '  vxmig report latest --output run.html',
    )
    .action((file: string, vm: string, options: MigrateFlags) => {
      const { to, strategy, bandwidth, timeout, copyStorage, redirect, write } = options;
      const given = {
        to,
        write: write ?? false,
        redirect: redirect ?? true,
        lock: lockOptions(options),
        ...(strategy === undefined ? {} : { strategy }),
        ...(bandwidth === undefined ? {} : { bandwidthBytesPerSecond: bandwidth }),
        ...(timeout === undefined ? {} : { timeoutMs: timeout }),
        ...(copyStorage === undefined ? {} : { copyStorage }),
        ...settingsOf(options),
      };
      choose(async (context) => (await import('../commands/migrate.js')).migrateCommand(context, file, vm, given), {
        logs: true,
      });
    });
}

/** A strategy's settings as far as they are given. */
function settingsOf({
  boundBytes: bytes,
  boundDuration,
  boundThen: end,
  postCopyAfterPasses: passes,
  postCopyAfterDuration,
}: MigrateFlags): { readonly bound?: Partial<Bound>; readonly postCopyAfter?: Partial<PostCopyAfter> } {
  const bound = {
    ...(bytes === undefined ? {} : { bytes }),
    ...(boundDuration === undefined ? {} : { durationMs: boundDuration }),
    ...(end === undefined ? {} : { end }),
  };
  const postCopyAfter = {
    ...(passes === undefined ? {} : { passes }),
    ...(postCopyAfterDuration === undefined ? {} : { durationMs: postCopyAfterDuration }),
  };
  return {
    ...(Object.keys(bound).length === 0 ? {} : { bound }),
    ...(Object.keys(postCopyAfter).length === 0 ? {} : { postCopyAfter }),
  };
}

function registerWatch(program: Command, choose: Choose): void {
  program
    .command('watch')
    .description('keep watching the hosts: say what drifts from the file as it happens, and fix it if asked')
    .argument('<file>', 'topology file')
    .addOption(
      new Option('--repair [scope]', 'fix bridges, tunnels, flows and taps; with vms, start VMs that are shut off, too')
        .choices(['networks', 'vms'])
        .preset('networks'),
    )
    .addOption(
      new Option(
        '--metrics <listen>',
        "for Prometheus, at /metrics of [ADDRESS:]PORT (loopback's if no address is said)",
      ).argParser(listenArgument),
    )
    .addHelpText(
      'after',
      '\nA VM is never stopped, resumed or migrated. While another vxmig works on a host nothing there is ' +
        'judged. Ends with Ctrl-C.\n' +
        'With --json it prints a stream: one document on each line, as things happen.\n\nExample:\n' +
        '  vxmig watch topologies/two-subnets.yaml --repair --metrics 9100',
    )
    .action((file: string, { repair = 'nothing', ...others }: Partial<WatchFlags>) => {
      choose(
        async (context) => (await import('../commands/watch.js')).watchCommand(context, file, { repair, ...others }),
        {
          logs: true,
        },
      );
    });
}

function parallelOption(): Option {
  return new Option(
    '--parallel <number>',
    `how many VMs may leave a host, and come to one, at a time (default: ${MOVES_PER_HOST})`,
  ).argParser(countArgument);
}

interface MigrateFlags extends LockFlags {
  readonly to: string;
  readonly strategy?: StrategyName;
  /** Bytes per second. */
  readonly bandwidth?: number;
  readonly copyStorage?: CopyStorage;
  /** Milliseconds. */
  readonly timeout?: number;
  readonly boundBytes?: Bound['bytes'];
  /** Milliseconds. */
  readonly boundDuration?: number;
  readonly boundThen?: Bound['end'];
  readonly postCopyAfterPasses?: number;
  /** Milliseconds. */
  readonly postCopyAfterDuration?: number;
  readonly redirect?: boolean;
  readonly write?: boolean;
}
