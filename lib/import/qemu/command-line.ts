import { Mistake } from '../mistake.js';
import type { Origin, Remarks } from '../remarks.js';
import { lastStart } from './libvirt-log.js';
import { QEMU_NAME } from './program-name.js';
import { type Command, readCommands, type Word } from './shell-words.js';

/** A call of QEMU. */
export interface QemuCall {
  /** As it was called; null: only its options are there. */
  readonly program: string | null;
  readonly words: readonly Word[];
  /** Each word is an argument as QEMU had it; else it may be a part of one that stood in quotes. */
  readonly isExact: boolean;
}

const PROGRAM = new RegExp(String.raw`^(?:\S*/)?${QEMU_NAME}$`);
/** Before a word that only reads like QEMU's name: `-accel kvm -cpu host`. */
const VALUED = /^--?[a-z]{2,}$/;
/** Commands that name QEMU, and do not start a VM. */
const OTHERS =
  /^(?:echo|printf|which|command|type|p?kill(?:all)?|pgrep|e?grep|man|test|\[|\[\[|cat|cp|ls|apt\S*|dnf|yum)$/;

/**
 * Out of a shell's line, a script, what `ps` prints, libvirt's log of a domain, or /proc/PID/cmdline, whose arguments
 * end in NUL.
 * @throws Mistake where there is not exactly one
 */
export function qemuCall(text: string, remarks: Remarks): QemuCall {
  if (text.includes('\0')) return byNul(text);
  const commands = readCommands(lastStart(text, remarks));
  const calls = commands.flatMap((command) => {
    const at = callAt(command);
    return at === null ? [] : [{ command, at }];
  });
  const [call, second] = calls;
  if (call === undefined)
    throw new Mistake(
      commands[0]?.place ?? { line: 1, column: 1 },
      'no command here starts QEMU with options',
      'give the line that `ps -ww -o args= -p PID` prints, or /proc/PID/cmdline',
    );
  if (second !== undefined)
    throw new Mistake(
      second.command.place,
      `a second QEMU is started here, after the one in line ${call.command.place.line}`,
      'keep one of them, and import the other from a file of its own',
    );
  for (const command of commands) if (command !== call.command) tellOther(command, remarks);
  const { command, at } = call;
  tellPrefix(command.words.slice(0, Math.max(at, 0)), remarks);
  const program = at < 0 ? null : (command.words[at]?.text ?? null);
  return { program, words: command.words.slice(at + 1), isExact: false };
}

function byNul(text: string): QemuCall {
  let offset = 0;
  const words = text
    .replace(/\0+\n*$/, '')
    .split('\0')
    .map((word): Word => {
      const place = { line: 1, column: offset + 1 };
      offset += word.length + 1;
      return { text: word, place, unknown: null };
    });
  const [first, ...rest] = words;
  if (first === undefined || first.text.startsWith('-')) return { program: null, words, isExact: true };
  return { program: first.text, words: rest, isExact: true };
}

/** Which of its words is QEMU; -1: its options begin at once; null: it does not start QEMU. */
function callAt({ words }: Command): number | null {
  const [first] = words;
  if (first === undefined || OTHERS.test(first.text)) return null;
  if (/^--?[a-zA-Z]/.test(first.text) && words.length > 1) return -1;
  const at = words.findIndex(
    ({ text }, index) =>
      PROGRAM.test(text) &&
      !VALUED.test(words[index - 1]?.text ?? '') &&
      (words[index + 1]?.text.startsWith('-') ?? false),
  );
  return at < 0 ? null : at;
}

function tellOther({ text, place }: Origin, remarks: Remarks): void {
  if (/^(?:set|exit|return|shift|trap|:|true|\S+\(\))(?:\s|$)/.test(text)) return;
  remarks.lost(
    { text, place },
    'another command of the script, which is not run',
    'Look whether the VM needs what it does: a tap, a bridge, an image.',
  );
}

/** Columns of `ps`, `sudo`, `taskset -c 2,3`, variables for QEMU alone. */
function tellPrefix(words: readonly Word[], remarks: Remarks): void {
  const meaningful = words.filter(({ text }) => !/^(?:sudo|exec|nohup|setsid|env|-E|-b)$/.test(text));
  const isPs = /^[\w+.-]+$/.test(words[0]?.text ?? '') && /^\d+$/.test(words[1]?.text ?? '');
  const [first] = meaningful;
  if (first === undefined || isPs || meaningful.every(({ text }) => /^\d+$/.test(text))) return;
  remarks.lost(
    { text: meaningful.map(({ text }) => text).join(' '), place: first.place },
    'it says how QEMU is started; libvirt starts it',
    'Priorities and CPUs are `<cputune>` in the definition; variables `<qemu:env>` (libvirt.org/drvqemu).',
  );
}
