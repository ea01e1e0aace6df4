import type { Subscriber } from '../../events/event-bus.js';
import type { Emit } from '../../model/event.js';
import type { Style } from '../../report/style.js';
import { progressLine } from './progress.js';
import { requireWritable } from './write-output.js';

const PLAIN: Style = { colour: false, width: 120, unicode: true };

/**
 * What --log names: a line of JSON for every event, with its time, level, run, the event itself, and what people read of it.
 * Loading winston takes longer than many a command, so that only who wants a file waits for it.
 * @throws {VxmigError} USAGE where the file cannot be written
 */
export async function logFile(filename: string, emit: Emit): Promise<Subscriber> {
  await requireWritable(filename, '--log');
  const { default: winston } = await import('winston');
  const file = new winston.transports.File({
    filename,
    level: 'debug',
    options: { flags: 'a', mode: 0o600 },
    format: winston.format.json(),
  });
  const log = winston.createLogger({ transports: [file] });
  // A disk that is full ends the log, not the migration that is written about.
  let told = false;
  const lost = (error: Error) => {
    if (told) return;
    told = true;
    emit({ kind: 'warning', text: `the log ${filename} is not complete: ${error.message}` });
  };
  file.on('error', lost);
  log.on('error', lost);
  return {
    name: `the log ${filename}`,
    receive: ({ at, run, event }) => {
      const { level, text } = progressLine(event, PLAIN);
      log.log({ level, message: text, timestamp: new Date(at).toISOString(), run, event });
    },
  };
}
