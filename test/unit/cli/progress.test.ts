import { Writable } from 'node:stream';
import t from 'tap';
import { LiveLines } from '../../../lib/cli/terminal/live-lines.js';
import type { Log } from '../../../lib/cli/terminal/log.js';
import { progressLine, progressPrinter } from '../../../lib/cli/terminal/progress.js';
import type { VxmigEvent } from '../../../lib/model/event.js';
import type { LabEvent } from '../../../lib/model/lab-event.js';

const STYLE = { colour: false, width: 80, unicode: false };
const CLEAR = '\r\u001b[2K';
const ANSWER = { kind: 'negotiated', vm: 'web', step: 'request', host: 'host-b' } as const;
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
  readonly rows = 9;
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
  const expected: readonly (readonly [VxmigEvent, string, string | RegExp])[] = [
    [{ kind: 'connecting', hosts: ['a', 'b'] }, 'info', 'Connecting to a, b'],
    [{ kind: 'change-applied', change }, 'debug', 'host-a: + bridge br-blue  (it is not there)'],
    [{ kind: 'stage-started', vm: 'web', stage: 'copy' }, 'debug', 'web: copy begins'],
    [{ kind: 'stage-finished', vm: 'web', stage: 'copy', durationMs: 2396, error: null }, 'info', 'web: copy (2.4 s)'],
    [
      { kind: 'stage-finished', vm: 'web', stage: 'copy', durationMs: 5, error: 'x' },
      'warn',
      'web: copy failed after 5 ms: x',
    ],
    [{ ...ANSWER, ok: true, why: '' }, 'debug', 'web: host-b: request taken'],
    [{ ...ANSWER, ok: true, why: 'QEMU is older' }, 'info', 'web: host-b: request taken (QEMU is older)'],
    [{ ...ANSWER, ok: false, why: 'CPU: x' }, 'debug', 'web: host-b: request refused: CPU: x'],
    [COPY, 'info', 'web: 64 MiB sent, 32 MiB of 128 MiB left, 32 MiB/s, dirty 1 MiB/s, pass 2'],
    [
      { ...COPY, bytesPerSecond: null, dirtyBytesPerSecond: null, iteration: null },
      'info',
      'web: 64 MiB sent, 32 MiB of 128 MiB left',
    ],
    [{ kind: 'note', text: 'n' }, 'info', 'n'],
    [{ kind: 'warning', text: 'w' }, 'warn', 'w'],
    [{ kind: 'warning', vm: 'web', text: 'w' }, 'warn', 'web: w'],
    [{ kind: 'failure', text: 'f' }, 'error', 'f'],
    [{ kind: 'detail', text: 'd' }, 'debug', 'd'],
    [{ kind: 'guest-paused', vm: 'web', host: 'a', observedAtMs: 1 }, 'debug', 'web: a: QEMU paused the guest'],
    [{ kind: 'observed', vm: 'web', host: null, observedAtMs: 1, text: 't' }, 'debug', 'web: t'],
    [{ kind: 'watch', host: 'a', news: { event: 'busy', why: 'b' } }, 'debug', /^a: busy/],
  ];
  for (const [event, level, text] of expected) t.match(progressLine(event, STYLE), { level, text });
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
  for (const [event, level, text] of expected) t.same(progressLine(event, STYLE), { level, text });
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
  const live = new LiveLines(terminal);
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

t.test('off a terminal each VM that is copied has its line per second', async (t) => {
  const lines: string[] = [];
  const print = progressPrinter({ log: logInto(lines), style: STYLE, live: null, nowMs: () => 0 });
  for (const vm of ['web', 'db', 'web', 'db']) print({ ...COPY, vm });
  t.match(lines, [/^info: web: 64 MiB/, /^info: db: 64 MiB/]);
  t.equal(lines.length, 2);
});

t.test('on a terminal each VM that is copied has its own line, which stays in its place', async (t) => {
  const terminal = new Captured();
  const live = new LiveLines(terminal);
  const log: Log = { ...logInto([]), info: (message) => live.write(`${message}\n`) };
  const print = progressPrinter({ log, style: STYLE, live, nowMs: () => 0 });
  print(COPY);
  print({ ...COPY, vm: 'db' });
  t.match(screen(terminal.text), [/^web: 64 MiB sent/, /^db: 64 MiB sent/]);
  for (const vm of ['db', 'web', 'db']) print({ ...COPY, vm, processedBytes: 2 ** 27 });
  t.match(screen(terminal.text), [/^web: 128 MiB sent/, /^db: 128 MiB sent/]);
  print({ kind: 'note', text: 'meanwhile' });
  t.match(screen(terminal.text), ['meanwhile', /^web: 128/, /^db: 128/]);
  print({ kind: 'stage-finished', vm: 'web', stage: 'copy', durationMs: 1, error: null });
  t.match(screen(terminal.text), ['meanwhile', 'web: copy (1 ms)', /^db: 128/]);
  live.clear();
  t.same(screen(terminal.text), ['meanwhile', 'web: copy (1 ms)', '']);
});

t.test('more VMs than the terminal has lines are counted', async (t) => {
  const terminal = new Captured();
  const live = new LiveLines(terminal);
  for (const vm of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']) live.show(vm, `${vm} moves`);
  t.same(screen(terminal.text), [...'abcdefg'].map((vm) => `${vm} moves`).concat('and 3 more'));
});

/** What a terminal shows that has got this: it knows the sequences that LiveLines uses. */
function screen(text: string): string[] {
  const lines = [''];
  let row = 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a terminal obeys
  for (const [piece] of text.matchAll(/\r|\n|\u001b\[2K|\u001b\[1A|[^\r\n\u001b]+/g)) {
    if (piece === '\n') row += 1;
    else if (piece === '\u001b[1A') row -= 1;
    else if (piece === '\u001b[2K') lines[row] = '';
    else if (piece !== '\r') lines[row] = (lines[row] ?? '') + piece;
    lines[row] ??= '';
  }
  return lines.slice(0, row + 1);
}
