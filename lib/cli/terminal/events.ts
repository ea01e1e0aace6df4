import { EventBus } from '../../events/event-bus.js';
import { runId } from '../../events/run-id.js';
import type { Emit } from '../../model/event.js';
import type { Style } from '../../report/style.js';
import type { LiveLines } from './live-lines.js';
import { type Log, logTo } from './log.js';
import { logFile } from './log-file.js';
import { progressPrinter } from './progress.js';

export interface Listeners {
  readonly people: Log;
  /** Of the terminal that people read. */
  readonly style: Style;
  readonly live: LiveLines | null;
  /** What --log names. */
  readonly file: string | null;
}

export interface Telling {
  readonly bus: EventBus;
  readonly emit: Emit;
  readonly log: Log;
}

/**
 * The bus of this process, with those who always listen, and its own run on it. @throws {VxmigError} USAGE where the
 * file cannot be written
 */
export async function openBus({ people, style, live, file }: Listeners): Promise<Telling> {
  const bus = new EventBus();
  const emit = bus.forRun(runId(Date.now(), String(process.pid)));
  const print = progressPrinter({ log: people, live, style, nowMs: () => performance.now() });
  bus.subscribe({ name: 'the terminal', receive: ({ event }) => print(event) });
  if (file !== null) bus.subscribe(await logFile(file, emit));
  return { bus, emit, log: logTo(emit) };
}
