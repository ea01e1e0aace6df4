import { exitCodeOf, messageOf, VxmigError } from '../model/errors.js';
import { styleFor } from '../report/style.js';
import { type GlobalOptions, type Invocation, parseCommandLine, wantsJson } from './command-line/program.js';
import type { CommandContext } from './context.js';
import { type Interrupt, NO_INTERRUPT, onInterrupt } from './terminal/interrupt.js';
import { labProgressPrinter } from './terminal/lab-progress.js';
import { LiveLine } from './terminal/live-line.js';
import { createLog, type Log } from './terminal/log.js';
import { Output } from './terminal/output.js';
import { progressPrinter } from './terminal/progress.js';

/** The whole program: `argv` without node and script; resolves to the exit status, never rejects. */
export async function run(argv: readonly string[]): Promise<number> {
  ignoreClosedPipes();
  let invocation: Invocation;
  try {
    invocation = parseCommandLine(argv);
  } catch (error) {
    const output = new Output({ json: wantsJson(argv, process.env), quiet: false, colour: true });
    return finish(output, error);
  }
  const { globals } = invocation;
  const output = new Output(globals);
  if (invocation.kind === 'text') {
    output.result(invocation.document, invocation.text);
    output.flush();
    return 0;
  }
  return await execute(invocation, output);
}

async function execute(invocation: Extract<Invocation, { kind: 'command' }>, output: Output): Promise<number> {
  const { globals } = invocation;
  const live =
    process.stderr.isTTY === true && !globals.quiet && !globals.verbose ? new LiveLine(process.stderr) : null;
  let interrupt: Interrupt = NO_INTERRUPT;
  let log: Log | null = null;
  try {
    const opened = await logFor(invocation, live);
    log = opened;
    if (!invocation.ownSignals) interrupt = onInterrupt((text) => opened.warn(text));
    const status = await invocation.run(contextFor(globals, { output, log: opened, live, signal: interrupt.signal }));
    output.flush();
    return status;
  } catch (error) {
    if (error instanceof Error) log?.debug(`failed: ${error.stack ?? error.message}`);
    return finish(output, error);
  } finally {
    live?.show('');
    interrupt.release();
  }
}

function contextFor(
  globals: GlobalOptions,
  { output, log, live, signal }: Pick<CommandContext, 'output' | 'log' | 'signal'> & { readonly live: LiveLine | null },
): CommandContext {
  const style = styleFor(process.stderr, process.env);
  return {
    output,
    log,
    signal,
    emit: progressPrinter({
      log,
      live,
      style: { ...style, colour: style.colour && globals.colour },
      nowMs: () => performance.now(),
    }),
    emitLab: labProgressPrinter(log),
  };
}

/** Short commands have nothing to log and need not wait for winston, unless a log was asked for. */
async function logFor(
  { globals, logs }: Extract<Invocation, { kind: 'command' }>,
  live: LiveLine | null,
): Promise<Log> {
  if (!logs && globals.log === null) return { error: say, warn: say, info: () => undefined, debug: () => undefined };
  return await createLog({ ...globals, file: globals.log, stream: live ?? process.stderr });
}

function say(message: string): void {
  process.stderr.write(`${message}\n`);
}

function finish(output: Output, error: unknown): number {
  output.failure(error);
  output.flush();
  return exitCodeOf(error);
}

/** `vxmig … | head` ends the reader, which is nothing to report; a migration that runs must go on whoever reads. */
function ignoreClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw new VxmigError('USAGE', `cannot write: ${messageOf(error)}`, { cause: error });
    });
  }
}
