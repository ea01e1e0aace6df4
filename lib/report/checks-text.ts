import type { Check } from '../model/check.js';
import { formatCount } from '../model/quantities.js';
import { paint, type Style } from './style.js';

/**
 * The checks of verify or doctor, a line for each, with expectation, sight and hint under those that failed; no newline
 * at the end.
 */
export function checksText(checks: readonly Check[], style: Style): string {
  return [...checks.flatMap((check) => checkLines(check, style)), '', totals(checks, style)].join('\n');
}

function checkLines(check: Check, style: Style): string[] {
  if (check.ok) {
    const sign = paint(style, 'good', style.unicode ? '✔' : 'ok  ');
    // What passed can still come with advice: an old QEMU works, but should not be trusted under load.
    const hint = check.hint === '' ? [] : [`    ${paint(style, 'warning', 'hint')}      ${check.hint}`];
    return [`${sign} ${check.name}${check.seen === '' ? '' : paint(style, 'quiet', `: ${check.seen}`)}`, ...hint];
  }
  const sign = paint(style, 'bad', style.unicode ? '✘' : 'FAIL');
  return [
    `${sign} ${check.name}`,
    `    expected  ${check.expected}`,
    `    seen      ${check.seen === '' ? 'nothing' : check.seen}`,
    ...(check.hint === '' ? [] : [`    ${paint(style, 'warning', 'hint')}      ${check.hint}`]),
  ];
}

function totals(checks: readonly Check[], style: Style): string {
  const failed = checks.filter(({ ok }) => !ok).length;
  const text = `${formatCount(checks.length, 'check')}: ${checks.length - failed} passed, ${failed} failed.`;
  return paint(style, failed === 0 ? 'good' : 'bad', text);
}
