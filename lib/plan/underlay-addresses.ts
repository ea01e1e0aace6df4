import type { Command } from '../model/command.js';
import type { ObservedLink } from '../model/kernel-state.js';
import type { ObservedNetwork } from './observed.js';

export function moveAddresses(from: ObservedLink, to: string, observed: ObservedNetwork, mtu: number): Command[] {
  return [
    upAndMtu(to, mtu),
    { argv: ['ethtool', '-K', to, 'tx', 'off'] },
    ...from.addresses.map((address) => ({ argv: ['ip', 'address', 'delete', address, 'dev', from.name] })),
    ...giveAddresses(from, to, observed),
  ];
}

export function giveAddresses(from: ObservedLink, to: string, observed: ObservedNetwork): Command[] {
  return [
    ...from.addresses.map((address) => ({
      argv: ['ip', 'address', 'replace', address, 'dev', to, ...(address.includes(':') ? ['nodad'] : [])],
    })),
    ...observed.routes
      .filter((route) => route.device === from.name && route.gateway !== null)
      .map((route) => ({
        argv: [
          'ip',
          route.family === 6 ? '-6' : '-4',
          'route',
          'replace',
          route.destination,
          'via',
          route.gateway ?? '',
          'dev',
          to,
          // Whoever looks after the routes knows its own by these.
          ...(route.protocol === null ? [] : ['proto', route.protocol]),
          ...(route.metric === null ? [] : ['metric', String(route.metric)]),
        ],
      })),
  ];
}

export function upAndMtu(device: string, mtu: number): Command {
  return { argv: ['ip', 'link', 'set', 'dev', device, 'mtu', String(mtu), 'up'] };
}
