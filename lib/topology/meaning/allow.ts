import { allowItem } from '../build-access.js';
import { aboutValue, type Complaint } from '../complaint.js';
import type { Draft, DraftNic } from '../draft.js';
import { shapeAt } from '../shapes.js';

/** What NICs may send besides their own. */
export function* checkAllowances(draft: Draft): Generator<Complaint> {
  const owners = new Map(
    draft.vms.flatMap((vm) => vm.nics.flatMap(({ mac }) => (mac === undefined ? [] : [[mac, vm.name] as const]))),
  );
  for (const nic of draft.vms.flatMap((vm) => vm.nics)) yield* checkNic(nic, owners);
}

function* checkNic(nic: DraftNic, owners: ReadonlyMap<string, string>): Generator<Complaint> {
  const seen = new Set<string>();
  for (const { path, text } of nic.allow) {
    const item = allowItem(text);
    const mac = item?.macs?.[0];
    const key = item?.macs?.[0] ?? item?.prefixes?.[0] ?? text;
    if (item === null) yield aboutValue(path, `${text} is not ${shapeAt(path).noun}`, shapeAt(path).fix);
    else if (seen.has(key)) yield aboutValue(path, `${text} is in the list already`, 'remove one of the two');
    else if (item.any && nic.allow.length > 1)
      yield aboutValue(path, '`any` allows everything', 'remove the other items, or `any`');
    else if (mac !== undefined) yield* checkMac(path, mac, nic, owners);
    seen.add(key);
  }
}

function* checkMac(
  path: DraftNic['path'],
  mac: string,
  nic: DraftNic,
  owners: ReadonlyMap<string, string>,
): Generator<Complaint> {
  const owner = owners.get(mac);
  if (mac === nic.mac) yield aboutValue(path, `${mac} is the NIC’s own`, 'leave it out');
  else if (owner !== undefined)
    yield aboutValue(path, `${mac} is VM ${owner}’s MAC address`, 'two that send from one MAC cannot both be reached');
  else if ((Number.parseInt(mac.slice(0, 2), 16) & 1) === 1)
    yield aboutValue(path, `${mac} is a multicast address`, 'nobody sends from one: the first byte must be even');
}
