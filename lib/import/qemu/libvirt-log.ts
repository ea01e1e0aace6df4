import type { Remarks } from '../remarks.js';

/** The line that libvirt writes before each command line (src/qemu/qemu_domain.c, qemuDomainLogAppendMessage). */
const STARTING = /^\d{4}-\d\d-\d\d \S+: starting up .*$/gm;
/** A line for each argument, all but the last with a backslash at the end. */
const COMMAND = /(?:\r?\n[^\n]*\\\r?(?=\n))*\r?\n[^\n]*/y;

/**
 * Of /var/log/libvirt/qemu/NAME.log the last command line alone: what stands before it are earlier starts of the same
 * VM, and what follows is what QEMU had to say. Any other text is given back as it is.
 * @returns a text of the same length, so that places in it stay what they are
 */
export function lastStart(text: string, remarks: Remarks): string {
  const starts = [...text.matchAll(STARTING)];
  const last = starts.at(-1);
  if (last === undefined) return text;
  if (starts.length > 1)
    remarks.lost(
      { text: `${starts.length - 1} earlier starts`, place: { line: 1, column: 1 } },
      'the log has the command line of each start, and the last one counts',
      'Where another is meant, cut the log behind it.',
    );
  COMMAND.lastIndex = last.index + last[0].length;
  const command = COMMAND.exec(text)?.[0] ?? '';
  const begin = last.index + last[0].length;
  return blank(text.slice(0, begin)) + command + blank(text.slice(begin + command.length));
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}
