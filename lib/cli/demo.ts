import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { DEFAULT_LOCK } from '../controller/host-locks.js';
import { observeLabNames } from '../lab/list.js';
import { exitCodeOf, messageOf, VxmigError } from '../model/errors.js';
import { formatMs } from '../model/quantities.js';
import { paint, styleFor } from '../report/style.js';
import { applyCommand } from './commands/apply.js';
import { labDownCommand, labUpCommand } from './commands/lab.js';
import { migrateCommand } from './commands/migrate.js';
import { verifyCommand } from './commands/verify.js';
import type { CommandContext } from './context.js';
import { openBus } from './terminal/events.js';
import { onInterrupt } from './terminal/interrupt.js';
import { peoplesLog } from './terminal/log.js';
import { Output } from './terminal/output.js';

const LAB = 'two-subnets';
const TOPOLOGY = new URL(`../../../topologies/${LAB}.yaml`, import.meta.url);

interface Step {
  /** What somebody would type for the same. */
  readonly command: string;
  readonly what: string;
  run(context: CommandContext): Promise<number>;
}

/** `npm run demo`: what the README shows, on this machine, with nothing left behind. */
async function demo(argv: readonly string[]): Promise<number> {
  const output = new Output({ json: false, quiet: false, colour: true });
  try {
    const { keep, help } = readArguments(argv);
    if (help) {
      output.result(null, HELP);
      return 0;
    }
    const people = peoplesLog({ quiet: false, verbose: false, stream: process.stderr });
    const style = styleFor(process.stderr, process.env);
    const telling = await openBus({ people, style, live: null, file: null });
    const interrupt = onInterrupt((text) => telling.log.warn(text));
    try {
      return await play({ output, ...telling, signal: interrupt.signal }, keep);
    } finally {
      interrupt.release();
    }
  } catch (error) {
    output.failure(error);
    return exitCodeOf(error);
  }
}

async function play(context: CommandContext, keep: boolean): Promise<number> {
  // Somebody's lab is shown things on, but not taken from them.
  const wasUp = (await observeLabNames()).includes(LAB);
  const file = join(await mkdtemp(join(tmpdir(), 'vxmig-demo-')), `${LAB}.yaml`);
  await copyFile(TOPOLOGY, file);
  say(context, `The demo works on a copy of topologies/${LAB}.yaml, because what it does changes the file.`);
  const steps = stepsWith(file);
  const ownLab = !keep && !wasUp;
  const total = steps.length + (ownLab ? 1 : 0);
  const startedAtMs = performance.now();
  try {
    for (const [index, step] of steps.entries()) {
      context.signal.throwIfAborted();
      await playStep(context, step, `${index + 1}/${total}`);
    }
  } finally {
    if (ownLab && (await observeLabNames()).includes(LAB)) await playStep(context, DOWN, `${total}/${total}`);
    if (!keep) await rm(dirname(file), { recursive: true, force: true });
  }
  if (wasUp && !keep)
    say(context, `\nThe lab was up before the demo and stays up; \`vxmig lab down ${LAB}\` removes it.`);
  say(context, `\nThat took ${formatMs(performance.now() - startedAtMs)}.${keep ? `\n\n${nextWith(file)}` : ''}`);
  return 0;
}

function stepsWith(file: string): Step[] {
  return [
    {
      command: `vxmig lab up ${file}`,
      what:
        'Three hosts on this machine, each a set of namespaces with its own Open vSwitch, libvirt and sshd; a ' +
        'router joins their two subnets.',
      run: (context) => labUpCommand(context, file, { kvm: false }),
    },
    {
      command: `vxmig apply ${file}`,
      what: 'What the file says is made on all three: bridges, VXLAN tunnels, flows, and the VM "web" on host-a.',
      run: (context) => applyCommand(context, file, { lock: DEFAULT_LOCK }),
    },
    {
      command: `vxmig migrate ${file} web --to host-b --write`,
      what:
        'web moves to the other subnet while it runs. It keeps its addresses; host-c pings it every 10 ms ' +
        'all the while.',
      run: (context) =>
        migrateCommand(context, file, 'web', { to: 'host-b', write: true, redirect: true, lock: DEFAULT_LOCK }),
    },
    {
      command: `vxmig verify ${file}`,
      what: 'Tunnels, flows, reachability, and where each host sends its frames, looked at once more.',
      run: (context) => verifyCommand(context, file),
    },
  ];
}

const DOWN: Step = {
  command: `vxmig lab down ${LAB}`,
  what: 'Everything that was made is removed.',
  run: (context) => labDownCommand(context, LAB),
};

async function playStep(context: CommandContext, { command, what, run }: Step, number: string): Promise<void> {
  const { style } = context.output;
  say(context, `\n${paint(style, 'heading', `[${number}] ${what}`)}\n${paint(style, 'quiet', `$ ${command}`)}`);
  const startedAtMs = performance.now();
  await run(context);
  say(context, paint(style, 'quiet', `(${formatMs(performance.now() - startedAtMs)})`));
}

function say({ output }: CommandContext, text: string): void {
  output.result(null, text);
}

function readArguments(argv: readonly string[]): { keep: boolean; help: boolean } {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { keep: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
    });
    return { keep: values.keep, help: values.help };
  } catch (cause) {
    throw new VxmigError('USAGE', messageOf(cause), { hint: HELP, cause });
  }
}

const HELP = `npm run demo [-- --keep]
Builds the lab of topologies/${LAB}.yaml on this machine, migrates its VM across subnets, shows what was measured, and
removes the lab again. --keep leaves it up and says what to try next.`;

function nextWith(file: string): string {
  return `The lab is up. Try next:
  ./bin/vxmig status ${file}
      where everything is
  ./bin/vxmig migrate ${file} web --to host-a
      and back again; or change the VM's \`host:\` in that file, and: ./bin/vxmig apply ${file}
  ./bin/vxmig lab exec ${LAB} host-b -- virsh list
      look inside a host; \`-- bash\` goes there
  ./bin/vxmig report latest
      the last migration as an HTML page
  ./bin/vxmig lab down ${LAB}
      when you are done`;
}

process.exitCode = await demo(process.argv.slice(2));
