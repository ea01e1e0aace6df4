import type { EventBus } from '../events/event-bus.js';
import type { Emit } from '../model/event.js';
import type { Log } from './terminal/log.js';
import type { Output } from './terminal/output.js';

/** What every command gets: where to print, whom to tell, and when to stop. */
export interface CommandContext {
  readonly output: Output;
  /** Who listens to what is told. */
  readonly bus: EventBus;
  /** Tells an event of this command's own run. */
  readonly emit: Emit;
  /** The same, for what is only said to people. */
  readonly log: Log;
  /** Aborted by the first Ctrl-C or SIGTERM, with VxmigError INTERRUPTED as its reason. */
  readonly signal: AbortSignal;
}
