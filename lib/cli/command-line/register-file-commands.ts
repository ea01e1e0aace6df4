import { Argument, type Command, Option } from 'commander';
import type { GraphFormat } from '../../report/graph.js';
import type { ImportFlags } from '../commands/import.js';
import { nameArgument } from './arguments.js';
import type { Choose } from './choose.js';

/** The forms that `graph` draws; report/ is not loaded for the help's sake, and its type holds the list true. */
const GRAPH_FORMATS: readonly GraphFormat[] = ['svg', 'mermaid', 'dot'];
const SCHEMAS = ['topology', 'rubric'] as const;

/** Commands that read files, and nothing else. */
export function registerFileCommands(program: Command, choose: Choose): void {
  program
    .command('validate')
    .description('check a topology file: schema and meaning, every mistake at once')
    .argument('<file>', 'topology file')
    .addHelpText(
      'after',
      '\nExample:\n  vxmig validate topologies/two-subnets.yaml\nNext:\n' +
        '  vxmig lab up FILE, or vxmig doctor FILE for real machines',
    )
    .action((file: string) => {
      choose(async (context) => (await import('../commands/validate.js')).validateCommand(context, file));
    });

  program
    .command('graph')
    .description('draw the topology')
    .argument('<file>', 'topology file')
    .addOption(new Option('--format <format>', 'what to write').choices(GRAPH_FORMATS).default('svg'))
    .option('-o, --output <file>', 'write there, not to stdout')
    .addHelpText('after', '\nExample:\n  vxmig graph topologies/two-subnets.yaml --output two-subnets.svg')
    .action((file: string, options: { format: GraphFormat; output?: string }) => {
      choose(async (context) => (await import('../commands/graph.js')).graphCommand(context, file, options));
    });

  program
    .command('import')
    .description('turn a Xen configuration or a QEMU command line into a VM of a topology and a libvirt domain')
    .argument(
      '<file>',
      "xl.cfg; a shell line or script that starts QEMU, /proc/PID/cmdline, or libvirt's log of a domain",
    )
    .addOption(new Option('--from <kind>', 'which of the two it is; default: as it looks').choices(['xen', 'qemu']))
    .addOption(new Option('--host <name>', 'host of the topology').argParser(nameArgument).default('host-a'))
    .addOption(
      new Option('--network <name>', 'network of its NICs; default: named after their bridges').argParser(nameArgument),
    )
    .option('-o, --output <dir>', 'write NAME.yaml and NAME.xml there, not to stdout')
    .option('--force', 'replace files that are there already')
    .addHelpText(
      'after',
      '\nNothing in the file is run, and nothing that it names is opened. What could not be carried over is ' +
        'listed.\n\nExample:\n  vxmig import /etc/xen/web.cfg --host host-b --network blue\n' +
        '  vxmig import /proc/4711/cmdline --output web/\nNext:\n' +
        '  virsh define web/NAME.xml on the host, and web/NAME.yaml under `vms:` of the topology',
    )
    .action((file: string, options: ImportFlags) => {
      choose(async (context) => (await import('../commands/import.js')).importCommand(context, file, options));
    });

  program
    .command('report')
    .description("a run's measurements as one self-contained HTML page; without RUN: the list of runs")
    .argument('[run]', "the run's name or the beginning of it, `latest`, or a run file")
    .option('-o, --output <file>', 'write there, not to stdout')
    .addHelpText('after', '\nExample:\n  vxmig report latest --output run.html')
    .action((run: string | undefined, options: { output?: string }) => {
      choose(async (context) => (await import('../commands/report.js')).reportCommand(context, run ?? null, options));
    });

  program
    .command('schema')
    .description('print the JSON Schema (draft-07) of the topology file, or of the rubric')
    .addArgument(new Argument('[of]', 'of which file').choices(SCHEMAS).default('topology'))
    .addHelpText(
      'after',
      '\nExample:\n  vxmig schema > vxmig.schema.json\n' +
        '  first line of a topology: # yaml-language-server: $schema=vxmig.schema.json',
    )
    .action((of: (typeof SCHEMAS)[number]) => {
      choose(async (context) => (await import('../commands/schema.js')).schemaCommand(context, of));
    });
}
