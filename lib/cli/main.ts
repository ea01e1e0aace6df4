import { endAll } from '../host/process-end.js';
import { exitCodeOf, messageOf, VxmigError } from '../model/errors.js';
import { styleFor } from '../report/style.js';
import { type Invocation, parseCommandLine, wantsJson } from './command-line/program.js';
import { type Listeners, openBus, type Telling } from './terminal/events.js';
import { type Interrupt, NO_INTERRUPT, onInterrupt } from './terminal/interrupt.js';
import { LiveLines } from './terminal/live-lines.js';
import { peoplesLog, terseLog } from './terminal/log.js';
import { Output } from './terminal/output.js';

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
    process.stderr.isTTY === true && !globals.quiet && !globals.verbose ? new LiveLines(process.stderr) : null;
  let interrupt: Interrupt = NO_INTERRUPT;
  let telling: Telling | null = null;
  try {
    const opened = await openBus(listenersFor(invocation, live));
    telling = opened;
    if (!invocation.ownSignals) interrupt = onInterrupt((text) => opened.log.warn(text));
    const status = await invocation.run({ output, ...opened, signal: interrupt.signal });
    output.flush();
    return status;
  } catch (error) {
    if (error instanceof Error) telling?.log.debug(`failed: ${error.stack ?? error.message}`);
    return finish(output, error);
  } finally {
    live?.clear();
    interrupt.release();
    endAll();
  }
}

/** Short commands have nothing to tell, unless a log was asked for. */
function listenersFor({ globals, logs }: Extract<Invocation, { kind: 'command' }>, live: LiveLines | null): Listeners {
  const style = styleFor(process.stderr, process.env);
  const isTerse = !logs && globals.log === null;
  return {
    people: isTerse ? terseLog(process.stderr) : peoplesLog({ ...globals, stream: live ?? process.stderr }),
    style: { ...style, colour: style.colour && globals.colour },
    live,
    file: globals.log,
  };
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
