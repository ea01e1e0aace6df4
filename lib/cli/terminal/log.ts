import type { Writable } from 'node:stream';
import type { Emit } from '../../model/event.js';

/** What commands say to people. What may be secret (keys, key files' contents) is never passed to it. */
export interface Log {
  error(message: string): unknown;
  warn(message: string): unknown;
  info(message: string): unknown;
  debug(message: string): unknown;
}

const LEVELS = ['error', 'warn', 'info', 'debug'] as const;
type Level = (typeof LEVELS)[number];

export interface LogLine {
  readonly level: Level;
  readonly text: string;
}

export interface PeoplesLogOptions {
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Where people read it: stderr, or what keeps lines of progress below it. */
  readonly stream: Writable;
}

/** Progress and logs for people. */
export function peoplesLog({ quiet, verbose, stream }: PeoplesLogOptions): Log {
  const most = LEVELS.indexOf(quiet ? 'warn' : verbose ? 'debug' : 'info');
  const at = (level: Level) =>
    LEVELS.indexOf(level) > most
      ? () => undefined
      : (message: string) => stream.write(`${level === 'info' ? '' : `${level}: `}${message}\n`);
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
}

/** Of a command that has nothing to tell while it works, but may have to warn. */
export function terseLog(stream: Writable): Log {
  const say = (message: string) => stream.write(`${message}\n`);
  return { error: say, warn: say, info: () => undefined, debug: () => undefined };
}

/** Everybody who listens hears of it, the file of --log too. */
export function logTo(emit: Emit): Log {
  return {
    error: (text) => emit({ kind: 'failure', text }),
    warn: (text) => emit({ kind: 'warning', text }),
    info: (text) => emit({ kind: 'note', text }),
    debug: (text) => emit({ kind: 'detail', text }),
  };
}
