import { isDeepStrictEqual } from 'node:util';
import { bitsOf, formatPrefix, networkOf, parsePrefix } from '../model/address.js';
import type { Command } from '../model/command.js';
import type { ObservedLink, SwitchRoute } from '../model/kernel-state.js';
import type { ObservedNetwork } from './observed.js';

/** One for all topologies on a host: an underlay device can be in one bridge only. */
export const UNDERLAY_BRIDGE = 'br-phy';
const APPCTL = ['ovs-appctl', '-t', 'ovs-vswitchd'] as const;

/**
 * What the kernel would send by way of the device, as far as Open vSwitch does not know it: only where it does not
 * follow the kernel by itself.
 */
export function missingRoutes(link: ObservedLink, { routes, switchRoutes }: ObservedNetwork): SwitchRoute[] {
  if (switchRoutes.followKernel) return [];
  const near = link.addresses.flatMap((address) => {
    const prefix = parsePrefix(address);
    return prefix === null ? [] : [{ destination: formatPrefix(networkOf(prefix)), gateway: null }];
  });
  const far = routes
    .filter((route) => route.device === link.name && route.gateway !== null)
    .map(({ destination, gateway, family }) => ({
      destination: destination === 'default' ? (family === 6 ? '::/0' : '0.0.0.0/0') : withLength(destination, family),
      gateway,
    }));
  return [...near, ...far]
    .map((route) => ({ ...route, device: UNDERLAY_BRIDGE }))
    .filter((route) => !switchRoutes.added.some((added) => isDeepStrictEqual({ ...route }, { ...added })));
}

/** iproute2 leaves the length out for a single address. */
function withLength(destination: string, family: 4 | 6): string {
  return destination.includes('/') ? destination : `${destination}/${bitsOf(family)}`;
}

/**
 * A route is refused whose device has no address. Of a new address the switch hears after it has looked for commands,
 * each time round (main() of its vswitchd/ovs-vswitchd.c): once it has answered one that came after the address, it
 * knows it.
 */
export function addRoutes(routes: readonly SwitchRoute[]): Command[] {
  if (routes.length === 0) return [];
  return [
    { argv: [...APPCTL, 'version'] },
    ...routes.map(({ destination, device, gateway }) => ({
      argv: [...APPCTL, 'ovs/route/add', destination, device, ...(gateway === null ? [] : [gateway])],
    })),
  ];
}

export function removeRoutes(routes: readonly SwitchRoute[]): Command[] {
  return routes.map(({ destination }) => ({ argv: [...APPCTL, 'ovs/route/del', destination] }));
}
