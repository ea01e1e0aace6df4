import { DomainDefinition } from '../model/domain-definition.js';
import { isAlive } from '../model/domain-state.js';
import { shellLine } from '../model/quote.js';
import { elementText } from '../model/xml-element.js';
import { type AdoptedNic, connectionOf, isConnected } from './adopt-domain.js';
import type { ObservedDomain } from './observed.js';

/** A VM that does not have yet what its definition says, because it has been on since before. */
export interface PendingVm {
  readonly host: string;
  readonly domain: string;
  readonly state: 'on' | 'saved';
  readonly nics: readonly PendingNic[];
}

export interface PendingNic {
  readonly mac: string;
  /** To what the guest's NIC is connected; null: it has none of that MAC. */
  readonly connectedTo: string | null;
  readonly tap: string;
  /** What connects it at once, for the guest as another NIC that is plugged in; none where nothing does. */
  readonly commands: readonly string[];
}

type Seen = Pick<ObservedDomain, 'name' | 'state' | 'xml' | 'live' | 'saved'>;

/** null: the VM has what it should have, or will have it when it starts. */
export function pendingVm(
  host: string,
  domain: Seen,
  nics: readonly Pick<AdoptedNic, 'mac' | 'device'>[],
): PendingVm | null {
  if (domain.live === null) return null;
  const [live, stored] = [domain.live, domain.xml].map((xml) => DomainDefinition.parse(xml));
  const pending = nics.flatMap((nic): PendingNic[] => {
    const has = live?.interface(nic.mac);
    if (has !== undefined && isConnected(has, nic)) return [];
    const wanted = stored?.interface(nic.mac);
    const named = (...words: string[]) =>
      shellLine(['virsh', words[0] ?? '', '--domain', domain.name, ...words.slice(1)]);
    const attach = (xml: string) =>
      `printf %s ${shellLine([xml])} | ${named('attach-device', '--live', '--file', '/dev/stdin')}`;
    const detach = has === undefined ? [] : [named('detach-interface', '--live', '--type', has.type, '--mac', nic.mac)];
    const commands =
      wanted === undefined || !isConnected(wanted, nic) ? [] : [...detach, attach(elementText(wanted.element))];
    return [{ mac: nic.mac, connectedTo: has === undefined ? null : connectionOf(has), tap: nic.device, commands }];
  });
  if (pending.length === 0) return null;
  return { host, domain: domain.name, state: isAlive(domain.state) ? 'on' : 'saved', nics: pending };
}

/** What is so, and what can be done about it. */
export function pendingText({ host, domain, state, nics }: PendingVm): {
  readonly what: string;
  readonly fix: string;
} {
  const seen = nics.map(({ mac, connectedTo, tap }) =>
    connectedTo === null ? `has no NIC ${mac} yet` : `has its NIC ${mac} at ${connectedTo}, not at the tap ${tap}`,
  );
  const since = state === 'on' ? 'since its start' : 'in its saved memory, with which it comes back';
  const commands = nics.flatMap((nic) => nic.commands);
  const again =
    state === 'on'
      ? 'Its definition is in force from its next start: shut it down and apply again (to reboot it inside ' +
        'is not enough).'
      : `Let it come back and shut it down (${shellLine(['virsh', 'start', '--domain', domain])} on ${host}), or ` +
        `throw its saved memory away (${shellLine(['virsh', 'managedsave-remove', '--domain', domain])}); ` +
        'then apply again.';
  const atOnce =
    state === 'on' && commands.length > 0
      ? ` Or, where the guest may lose the NIC for a moment, on ${host}: ` +
        `${commands.map((line) => `\`${line}\``).join(', then ')}.`
      : '';
  return { what: `${domain} on ${host} ${seen.join(', and ')} (${since})`, fix: `${again}${atOnce}` };
}
