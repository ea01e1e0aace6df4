import type { Writable } from 'node:stream';
import { requireWritable } from './write-output.js';

export interface LogOptions {
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly file: string | null;
  /** Where people read it: stderr, or what keeps a line of progress below it. */
  readonly stream: Writable;
}

/** The part of winston's logger that commands use. What may be secret (keys, key files' contents) is never passed to it. */
export interface Log {
  error(message: string, detail?: object): unknown;
  warn(message: string, detail?: object): unknown;
  info(message: string, detail?: object): unknown;
  debug(message: string, detail?: object): unknown;
}

const LEVELS = ['error', 'warn', 'info', 'debug'] as const;
type Level = (typeof LEVELS)[number];

/**
 * Progress and logs: on stderr for people, and with --log as JSON lines in a file, there always with every detail.
 * Loading winston takes longer than many a command, so that only who wants a file waits for it.
 */
export async function createLog(options: LogOptions): Promise<Log> {
  const people = peoplesLog(options);
  if (options.file === null) return people;
  const file = await fileLog(options.file, people);
  const both = (level: Level) => (message: string, detail?: object) => {
    people[level](message);
    file[level](message, detail);
  };
  return { error: both('error'), warn: both('warn'), info: both('info'), debug: both('debug') };
}

function peoplesLog({ quiet, verbose, stream }: LogOptions): Log {
  const most = LEVELS.indexOf(quiet ? 'warn' : verbose ? 'debug' : 'info');
  const at = (level: Level) =>
    LEVELS.indexOf(level) > most
      ? () => undefined
      : (message: string) => stream.write(`${level === 'info' ? '' : `${level}: `}${message}\n`);
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
}

/** @throws {VxmigError} USAGE where the file cannot be written */
async function fileLog(filename: string, people: Log): Promise<Log> {
  await requireWritable(filename, '--log');
  const { default: winston } = await import('winston');
  const file = new winston.transports.File({
    filename,
    level: 'debug',
    options: { flags: 'a', mode: 0o600 },
    format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
  });
  const log = winston.createLogger({ transports: [file] });
  // A disk that is full ends the log, not the migration that is written about.
  let told = false;
  const lost = (error: Error) => {
    if (!told) people.warn(`the log ${filename} is not complete: ${error.message}`);
    told = true;
  };
  file.on('error', lost);
  log.on('error', lost);
  return log;
}
