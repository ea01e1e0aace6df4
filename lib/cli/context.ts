import type { Emit } from '../model/event.js';
import type { LabEvent } from '../model/lab-event.js';
import type { Log } from './terminal/log.js';
import type { Output } from './terminal/output.js';

/** What every command gets: where to print, where to log, and when to stop. */
export interface CommandContext {
  readonly output: Output;
  readonly log: Log;
  readonly emit: Emit;
  readonly emitLab: (event: LabEvent) => void;
  /** Aborted by the first Ctrl-C or SIGTERM, with VxmigError INTERRUPTED as its reason. */
  readonly signal: AbortSignal;
}
