import { type Command, Option } from 'commander';
import type { BenchPeer } from '../../bench/result.js';
import { countArgument, meshesArgument, peersArgument, sizesArgument } from './arguments.js';
import type { Choose } from './choose.js';

const DEFAULTS = { hosts: [8, 16, 32, 64], mesh: ['full'] };

/** On labs of its own: no host of the user's is touched. */
export function registerBench(program: Command, choose: Choose): void {
  const bench = program
    .command('bench')
    .description('measure vxmig against plain `virsh migrate`, OVN and a hand-written script, in one run on one lab')
    .argument('[file]', 'topology file of a lab (default: two-subnets, which comes with vxmig)')
    .option('--runs <count>', 'migrations by each, and applies by each', countArgument, 10)
    .addOption(new Option('--only <part>', 'one part of it').choices(['migrate', 'apply']))
    .option('--against <peers>', 'whom to migrate against: some of no-redirect,ovn,virsh (default: all)', peersArgument)
    .option('--plot <file>', 'draw the reply delays around the switch as SVG')
    .addHelpText('after', '\nExample:\n  vxmig bench --runs 4 --only migrate --plot bench.svg')
    .action((file: string | undefined, options: BenchFlags) => {
      const given = file === undefined ? options : { ...options, file };
      choose(async (context) => (await import('../commands/bench.js')).benchCommand(context, given), { logs: true });
    });

  bench
    .command('scale')
    .description('measure plan, apply and verify against a hand-written script on labs that grow')
    .option('--hosts <counts>', 'how many hosts the labs have (default: 8,16,32,64)', sizesArgument)
    .option(
      '--mesh <meshes>',
      'how they are joined: some of full,flow,hub, in turns on the same lab (default: full)',
      meshesArgument,
    )
    .option('--runs <count>', 'how often each is measured', countArgument, 3)
    .configureHelp({
      showGlobalOptions: true,
      visibleGlobalOptions: () => program.createHelp().visibleOptions(program).filter(isGlobal),
    })
    .addHelpText('after', '\nExample:\n  vxmig bench scale --hosts 8,64 --mesh full,flow --runs 1')
    .action((options: Partial<ScaleFlags> & Pick<ScaleFlags, 'runs'>, scale: Command) => {
      const given = { ...DEFAULTS, ...options, ...sharedWith(bench, scale) };
      choose(async (context) => (await import('../commands/bench-scale.js')).benchScaleCommand(context, given), {
        logs: true,
      });
    });
}

function isGlobal({ long }: Option): boolean {
  return long !== '--help';
}

/** What the outer command knows it takes for itself, also behind the inner one's name: that is given back, or refused. */
function sharedWith(bench: Command, scale: Command): Partial<ScaleFlags> {
  const { runs, ...others } = bench.opts<BenchFlags>();
  const isGiven = (name: string) => bench.getOptionValueSource(name) === 'cli';
  const foreign = Object.keys(others).find(isGiven);
  if (foreign !== undefined) scale.error(`error: unknown option '--${foreign}'`, { code: 'commander.unknownOption' });
  return isGiven('runs') ? { runs } : {};
}

interface BenchFlags {
  readonly runs: number;
  readonly only?: 'migrate' | 'apply';
  readonly against?: readonly BenchPeer[];
  readonly plot?: string;
}

interface ScaleFlags {
  readonly hosts: readonly number[];
  readonly mesh: readonly string[];
  readonly runs: number;
}
