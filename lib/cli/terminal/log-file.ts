import { createWriteStream } from 'node:fs';
import type { Subscriber } from '../../events/event-bus.js';
import type { Emit } from '../../model/event.js';
import type { Style } from '../../report/style.js';
import { progressLine } from './progress.js';
import { requireWritable } from './write-output.js';

const PLAIN: Style = { colour: false, width: 120, unicode: true };

/**
 * What --log names: a line of JSON for every event, with its time, level, run, the event itself, and what people read
 * of it. Loading winston takes longer than many a command, so that only who wants a file waits for it.
 * @throws {VxmigError} USAGE where the file cannot be written
 */
export async function logFile(filename: string, emit: Emit): Promise<Subscriber> {
  await requireWritable(filename, '--log');
  const { default: winston } = await import('winston');
  // A stream of our own: winston's transport for files says nothing of what it could not write.
  const stream = createWriteStream(filename, { flags: 'a', mode: 0o600 });
  // A disk that is full ends the log, not the migration that is written about. The first error closes the stream, and
  // is the only one.
  stream.on('error', (error) => {
    emit({ kind: 'warning', text: `the log ${filename} is not complete: ${error.message}` });
  });
  const transport = new winston.transports.Stream({ stream, level: 'debug', eol: '\n' });
  const log = winston.createLogger({ level: 'debug', format: winston.format.json(), transports: [transport] });
  return {
    name: `the log ${filename}`,
    receive: ({ at, run, event }) => {
      const { level, text } = progressLine(event, PLAIN);
      log.log({ level, message: text, timestamp: new Date(at).toISOString(), run, event });
    },
  };
}
