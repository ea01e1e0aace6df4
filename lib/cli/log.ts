import type { Writable } from 'node:stream';

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

/**
 * Progress and logs: on stderr for people, and with --log as JSON lines in a file, there always with every detail.
 * Loading winston takes longer than many a command, so that it is loaded here and not with the program.
 */
export async function createLog(options: LogOptions): Promise<Log> {
  const { default: winston } = await import('winston');
  const level = options.quiet ? 'warn' : options.verbose ? 'debug' : 'info';
  const people = new winston.transports.Stream({
    level,
    stream: options.stream,
    format: winston.format.printf((entry) =>
      entry.level === 'info' ? String(entry.message) : `${entry.level}: ${String(entry.message)}`,
    ),
  });
  const file =
    options.file === null
      ? []
      : [
          new winston.transports.File({
            filename: options.file,
            level: 'debug',
            options: { flags: 'a', mode: 0o600 },
            format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
          }),
        ];
  return winston.createLogger({ transports: [people, ...file] });
}
