import type { DomainDefinition } from '../model/domain-definition.js';
import { printable } from '../model/printable.js';
import { attribute, children } from '../model/xml-element.js';
import { type Move, type Obstacle, unfit } from './move-obstacle.js';

/** Any address that a host has. */
const ANY = ['0.0.0.0', '::', '127.0.0.1', '::1'];

/** A screen (VNC, SPICE) listens at an address, which QEMU cannot where the new host does not have it. */
export function judgeScreens(move: Move, definition: DomainDefinition, addresses: readonly string[]): Obstacle[] {
  const { vm, shellDomain, from, to } = move;
  return definition.devices('graphics').flatMap((element) => {
    const said = children(element, 'listen').flatMap((listen) =>
      attribute(listen, 'type') === 'address' ? (attribute(listen, 'address') ?? []) : [],
    );
    const [one] = said.length > 0 ? said : [attribute(element, 'listen') ?? []].flat();
    // A name means at each host what that has for it.
    if (one === undefined || !/^[\d.]+$|:/.test(one) || ANY.includes(one) || addresses.includes(one)) return [];
    const kind = (attribute(element, 'type') ?? 'graphics').toUpperCase();
    return unfit(
      printable(`the screen of ${vm} (${kind}) listens at ${one}, an address that ${to} does not have`),
      `\`virsh edit ${shellDomain}\` on ${from}: <listen type='address' address='0.0.0.0'/>, or 127.0.0.1 and a ` +
        "tunnel; it counts from the VM's next start.",
    );
  });
}
