import type { Change, ChangeAction } from '../model/change.js';
import { paint, type Style, type Tone } from './style.js';

interface ActionLook {
  readonly sign: string;
  readonly ascii: string;
  readonly tone: Tone;
  readonly planned: string;
  readonly done: string;
}

const LOOKS: Readonly<Record<ChangeAction, ActionLook>> = {
  create: { sign: '+', ascii: '+', tone: 'good', planned: 'to add', done: 'added' },
  update: { sign: '~', ascii: '~', tone: 'warning', planned: 'to change', done: 'changed' },
  delete: { sign: '-', ascii: '-', tone: 'bad', planned: 'to destroy', done: 'destroyed' },
  migrate: { sign: '→', ascii: '>', tone: 'heading', planned: 'to migrate', done: 'migrated' },
};
const ACTIONS = ['create', 'update', 'delete', 'migrate'] as const;

/** The changes host by host, in the order in which they come, each with its reason; no newline at the end. */
export function changesText(changes: readonly Change[], style: Style): string {
  const hosts = [...new Set(changes.map(({ host }) => host))];
  return hosts
    .map((host) => {
      const own = changes.filter((change) => change.host === host);
      return [paint(style, 'heading', host), ...own.map((change) => `  ${changeLine(change, style)}`)].join('\n');
    })
    .join('\n\n');
}

export function changeLine(change: Change, style: Style): string {
  const look = LOOKS[change.action];
  const sign = paint(style, look.tone, style.unicode ? look.sign : look.ascii);
  const why = change.why === '' ? '' : paint(style, 'quiet', `  (${change.why})`);
  return `${sign} ${change.kind} ${change.name}${why}`;
}

/** `Plan: 3 to add, 1 to change, 0 to destroy, 1 to migrate.`, or the same told after the deed. */
export function totalsText(changes: readonly Change[], tense: 'planned' | 'done'): string {
  if (changes.length === 0) return 'No changes: the hosts are as the file says.';
  const counts = ACTIONS.map((action) => {
    const count = changes.filter((change) => change.action === action).length;
    return `${count} ${LOOKS[action][tense]}`;
  });
  return `${tense === 'planned' ? 'Plan' : 'Applied'}: ${counts.join(', ')}.`;
}
