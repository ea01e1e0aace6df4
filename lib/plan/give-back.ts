import type { Change } from '../model/change.js';
import { DomainDefinition, parseInterface } from '../model/domain-definition.js';
import { isAlive } from '../model/domain-state.js';
import { givenBack, isConnected, type NicUpdate } from './adopt-domain.js';
import { change } from './change.js';
import type { DomainStep } from './host-plan.js';
import type { ObservedDomain, ObservedHost } from './observed.js';
import { linkAlias } from './ownership.js';

export interface GivingBack {
  readonly changes: readonly Change[];
  readonly steps: readonly DomainStep[];
}

/**
 * Connects a domain that vxmig has adopted, and that the topology no longer has here, back to what it had: else it
 * could not start once its taps are gone. Nothing for any other domain.
 */
export function planGivingBack(topology: string, host: ObservedHost, domain: ObservedDomain, why: string): GivingBack {
  const { name, adopted, owner, xml } = domain;
  if (owner !== null) return { changes: [], steps: [] };
  const ours = new Set(host.links.flatMap((link) => (link.alias === linkAlias(topology) ? [link.name] : [])));
  const isMarked = adopted?.topology === topology;
  if (!isMarked && ![...ours].some((device) => xml.includes(device))) return { changes: [], steps: [] };
  const updates = DomainDefinition.parse(xml).interfaces.flatMap((one): NicUpdate[] => {
    const original = isMarked ? adopted.originals.get(one.mac) : undefined;
    const isOurs = one.device !== null && ours.has(one.device) && isConnected(one, { device: one.device });
    if (original === undefined && !isOurs) return [];
    // What its owner has connected anew since stays.
    if (one.type !== 'ethernet') return [];
    return [givenBack(one, original ?? null)];
  });
  if (!isMarked && updates.length === 0) return { changes: [], steps: [] };
  const details = updates.flatMap((update) => [...update.details, ...absent(host, update)]);
  return {
    changes: [change(host.host, 'vm', name, 'update', `${why}: connected back to what it had`, details)],
    steps: [
      ...updates.map((update) => ({ kind: 'update-nic', domain: name, xml: update.xml }) as const),
      ...(isMarked ? [{ kind: 'mark', domain: name, element: null, which: whereOf(domain) } as const] : []),
    ],
  };
}

/** Both where it is on: the one moves with it, the other is what it starts with. */
export function whereOf({ state }: Pick<ObservedDomain, 'state'>): ('config' | 'live')[] {
  return isAlive(state) ? ['config', 'live'] : ['config'];
}

/** What it had may be on another host only. */
function absent({ host, links }: ObservedHost, { mac, xml }: NicUpdate): string[] {
  const { type, source } = parseInterface(xml);
  const isDevice = type === 'bridge' || type === 'direct';
  if (!isDevice || source === null || links.some(({ name }) => name === source)) return [];
  return [`NIC ${mac}: ${source} is not on ${host}, so that it cannot start here before it is`];
}
