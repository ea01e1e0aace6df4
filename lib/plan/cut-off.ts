import { DomainDefinition } from '../model/domain-definition.js';
import { isAlive } from '../model/domain-state.js';
import { VxmigError } from '../model/errors.js';
import { shellLine } from '../model/quote.js';
import type { ObservedDomain, ObservedHost } from './observed.js';

/**
 * @param taps that are to be removed
 * @throws VxmigError CLASH where a domain that somebody else has made is on, or has its memory saved, with one of them
 */
export function refuseCuts(topology: string, { host, domains }: ObservedHost, taps: ReadonlySet<string>): void {
  if (taps.size === 0) return;
  for (const domain of domains) {
    if (domain.owner?.topology === topology) continue;
    const used = usedTaps(domain).filter(({ device }) => taps.has(device));
    if (used.length > 0) throw wouldCut(host, domain, used);
  }
}

interface UsedTap {
  readonly mac: string;
  readonly device: string;
}

/** With which it is on, or comes back. */
export function usedTaps({ live }: Pick<ObservedDomain, 'live'>): UsedTap[] {
  if (live === null) return [];
  return DomainDefinition.parse(live).interfaces.flatMap(({ type, mac, device }) =>
    type === 'ethernet' && device !== null ? [{ mac, device }] : [],
  );
}

function wouldCut(host: string, { name, state }: ObservedDomain, used: readonly UsedTap[]): VxmigError {
  const virsh = (...words: string[]) =>
    `\`${shellLine(['virsh', words[0] ?? '', '--domain', name, ...words.slice(1)])}\``;
  const taps = used.map(({ device }) => device).join(' and ');
  const detached = used.map(({ mac }) => virsh('detach-interface', '--live', '--type', 'ethernet', '--mac', mac));
  const message = isAlive(state)
    ? `${name} is on (${state}) on ${host} and has its network through ${taps}, which would go: nothing was touched`
    : `${name} on ${host} has its memory saved, and comes back with a NIC at ${taps}, which would go: ` +
      'nothing was touched';
  const hint = isAlive(state)
    ? `Shut it down (${virsh('shutdown')} on ${host}) and run the same again: then its NICs are connected back ` +
      `to what they had. Or take them from it while it runs: ${detached.join(', ')}.`
    : `Let it come back (${virsh('start')} on ${host}) and shut it down, or throw its saved memory away ` +
      `(${virsh('managedsave-remove')}), and run the same again.`;
  return new VxmigError('CLASH', message, { where: `${host} ${name}`, hint });
}
