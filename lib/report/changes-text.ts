import { CHANGE_ACTIONS, type Change, type ChangeAction, totalsOf } from '../model/change.js';
import { paint, type Style, type Tone } from './style.js';

interface ActionLook {
  readonly sign: string;
  readonly ascii: string;
  readonly tone: Tone;
}

const LOOKS: Readonly<Record<ChangeAction, ActionLook>> = {
  create: { sign: '+', ascii: '+', tone: 'good' },
  update: { sign: '~', ascii: '~', tone: 'warning' },
  delete: { sign: '-', ascii: '-', tone: 'bad' },
  migrate: { sign: '→', ascii: '>', tone: 'heading' },
};

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

export function changeLine(change: Omit<Change, 'host'>, style: Style): string {
  const look = LOOKS[change.action];
  const sign = paint(style, look.tone, style.unicode ? look.sign : look.ascii);
  const why = change.why === '' ? '' : paint(style, 'quiet', `  (${change.why})`);
  const details = (change.details ?? []).map((detail) => `\n      ${detail}`);
  return `${sign} ${change.kind} ${change.name}${why}${details.join('')}`;
}

/** `Plan: 3 to create, 1 to update, 0 to delete, 1 to migrate.` */
export function totalsText(changes: readonly Change[]): string {
  const totals = totalsOf(changes);
  return `Plan: ${CHANGE_ACTIONS.map((action) => `${totals[action]} to ${action}`).join(', ')}.`;
}
