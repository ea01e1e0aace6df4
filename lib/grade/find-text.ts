import { createContext, Script } from 'node:vm';

/** Of a command's output more is not looked at. */
const TEXT_LIMIT_BYTES = 65_536;

/** A match in 64 KiB takes milliseconds; one that backtracks without end is stopped here. */
const LIMIT_MS = 1000;

const FLAGS = 'mu';

/** Why it is no regular expression; null: it is one. */
export function faultOf(pattern: string): string | null {
  try {
    new RegExp(pattern, FLAGS);
    return null;
  } catch (cause) {
    return cause instanceof Error ? cause.message.replace(/^Invalid regular expression: /, '') : String(cause);
  }
}

/**
 * Whether the pattern is found in the text. The text may be made to let an innocent pattern backtrack for years: V8
 * stops it after a second (node:vm; its regular expressions heed the interrupt). The text is student's, the pattern is
 * the teacher's; neither is run as code.
 * @throws Error where it takes longer: then nothing is known
 */
export function isFound(pattern: string, text: string): boolean {
  const context = createContext(Object.assign(Object.create(null), { pattern, flags: FLAGS, text: cut(text) }));
  try {
    return SEARCH.runInContext(context, { timeout: LIMIT_MS }) === true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw cause;
    throw new Error(
      `the regular expression took more than ${LIMIT_MS} ms on what the command printed: write it without ` +
        'nested repetitions',
    );
  }
}

const SEARCH = new Script('new RegExp(pattern, flags).test(text)');

function cut(text: string): string {
  return Buffer.byteLength(text) <= TEXT_LIMIT_BYTES
    ? text
    : Buffer.from(text).subarray(0, TEXT_LIMIT_BYTES).toString('utf8');
}
