import { printable } from '../model/printable.js';
import type { Problem } from '../model/problem.js';

/** Nobody reads more, and a broken file of 1 MiB has a hundred thousand. */
const MOST_PROBLEMS = 500;
/** A message quotes the file, where a word may be as long as the file. */
const LONGEST_MESSAGE = 400;

/**
 * The problems as they may be shown, whatever the file holds: a bounded number of bounded messages, without what a
 * terminal would obey.
 * @param problems in the order in which they are to be told
 */
export function legible(problems: readonly Problem[]): readonly Problem[] {
  const shown = problems.slice(0, MOST_PROBLEMS).map((problem) => ({
    ...problem,
    message: onOneLine(problem.message),
    fix: onOneLine(problem.fix),
  }));
  const next = problems[MOST_PROBLEMS];
  if (next === undefined) return shown;
  const message = `${problems.length - MOST_PROBLEMS} more mistakes from here on`;
  return [...shown, { ...next, message, fix: 'fix those before it first: is this the right file?' }];
}

function onOneLine(text: string): string {
  return printable(shortened(text)).replaceAll('\n', '\\n').replaceAll('\t', '\\t');
}

function shortened(text: string): string {
  return text.length <= LONGEST_MESSAGE
    ? text
    : // Not within a pair of surrogates.
      `${text.slice(0, LONGEST_MESSAGE - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
