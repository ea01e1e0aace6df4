import { Writable } from 'node:stream';
import t from 'tap';
import { labProgressLine } from '../../../lib/cli/terminal/lab-progress.js';
import { LiveLine } from '../../../lib/cli/terminal/live-line.js';
import type { Log } from '../../../lib/cli/terminal/log.js';
import { progressLine, progressPrinter } from '../../../lib/cli/terminal/progress.js';
import type { VxmigEvent } from '../../../lib/model/event.js';
import type { LabEvent } from '../../../lib/model/lab-event.js';

const STYLE = { colour: false, width: 80, unicode: false };
const CLEAR = '\r\u001b[2K';
const COPY: VxmigEvent = {
  kind: 'copy-progress',
  vm: 'web',
  processedBytes: 2 ** 26,
  remainingBytes: 2 ** 25,
  totalBytes: 2 ** 27,
  bytesPerSecond: 2 ** 25,
  dirtyBytesPerSecond: 2 ** 20,
  throttlePercent: 0,
  iteration: 2,
};

class Captured extends Writable {
  text = '';
  readonly columns = 60;
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += String(chunk);
    done();
  }
}

function logInto(lines: string[]): Log {
  const at = (level: string) => (message: string) => lines.push(`${level}: ${message}`);
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
}

t.test('events in words', async (t) => {
  const change = { host: 'host-a', kind: 'bridge', name: 'br-blue', action: 'create', why: 'it is not there' } as const;
  const expected: readonly (readonly [VxmigEvent, string, string])[] = [
    [{ kind: 'connecting', hosts: ['a', 'b'] }, 'info', 'Connecting to a, b'],
    [{ kind: 'change-applied', change }, 'debug', 'host-a: + bridge br-blue  (it is not there)'],
    [{ kind: 'stage-started', vm: 'web', stage: 'copy' }, 'debug', 'web: copy begins'],
    [{ kind: 'stage-finished', vm: 'web', stage: 'copy', durationMs: 2396, error: null }, 'info', 'web: copy (2.4 s)'],
    [
      { kind: 'stage-finished', vm: 'web', stage: 'copy', durationMs: 5, error: 'x' },
      'warn',
      'web: copy failed after 5 ms: x',
    ],
    [COPY, 'info', 'web: 64 MiB sent, 32 MiB of 128 MiB left, 32 MiB/s, dirty 1 MiB/s, pass 2'],
    [
      { ...COPY, bytesPerSecond: null, dirtyBytesPerSecond: null, iteration: null },
      'info',
      'web: 64 MiB sent, 32 MiB of 128 MiB left',
    ],
    [{ kind: 'note', text: 'n' }, 'info', 'n'],
    [{ kind: 'warning', text: 'w' }, 'warn', 'w'],
  ];
  for (const [event, level, text] of expected) t.same(progressLine(event, STYLE), { level, text });
});

t.test('events of a lab in words', async (t) => {
  const lab = 'two-subnets';
  const expected: readonly (readonly [LabEvent, string, string])[] = [
    [
      { kind: 'lab-started', lab, hosts: ['a', 'b'], management: 'M' },
      'info',
      'Lab two-subnets: 2 hosts, reached over M',
    ],
    [{ kind: 'lab-machine-kept', lab, machine: 'a' }, 'info', 'a: is up already'],
    [{ kind: 'lab-up', lab, durationMs: 3110, changed: true }, 'info', 'Lab two-subnets is up (3.11 s)'],
    [{ kind: 'lab-up', lab, durationMs: 90, changed: false }, 'info', 'Lab two-subnets was up already; nothing to do'],
    [{ kind: 'lab-down', lab, durationMs: 250, left: [] }, 'info', 'Lab two-subnets is gone (250 ms)'],
    [
      { kind: 'lab-down', lab, durationMs: 250, left: ['process 7'] },
      'warn',
      'Lab two-subnets: left behind: process 7',
    ],
  ];
  for (const [event, level, text] of expected) t.same(labProgressLine(event), { level, text });
});

t.test('off a terminal copying gets at most a line per second', async (t) => {
  const lines: string[] = [];
  let nowMs = 5_000;
  const print = progressPrinter({ log: logInto(lines), style: STYLE, live: null, nowMs: () => nowMs });
  for (const atMs of [5_000, 5_400, 5_999, 6_000, 6_100, 7_500]) {
    nowMs = atMs;
    print(COPY);
  }
  t.equal(lines.length, 3);
});

t.test('on a terminal copying stays on one line, below what is logged', async (t) => {
  const terminal = new Captured();
  const live = new LiveLine(terminal);
  const log: Log = { ...logInto([]), info: (message) => live.write(`${message}\n`) };
  const print = progressPrinter({ log, style: STYLE, live, nowMs: () => 0 });
  print(COPY);
  t.ok(terminal.text.startsWith(`${CLEAR}web: 64 MiB sent`));
  t.notMatch(terminal.text, '\n');
  t.ok(terminal.text.length <= 5 + 59, 'it fits the terminal');
  terminal.text = '';
  print({ kind: 'note', text: 'meanwhile' });
  t.ok(terminal.text.startsWith(`${CLEAR}meanwhile\nweb: 64 MiB`), 'the line comes back');
  terminal.text = '';
  print({ kind: 'stage-finished', vm: 'web', stage: 'copy', durationMs: 1, error: null });
  t.equal(terminal.text, `${CLEAR}web: copy (1 ms)\n`);
});
