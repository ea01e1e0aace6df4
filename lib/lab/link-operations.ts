import { formatPrefix, networkOf, parseIp, parsePrefix, sameIp } from '../model/address.js';
import { LinkError, Links } from './links.js';

/** What is done to the links of one namespace, as data: it crosses to the agent inside it as JSON. */
export type LinkOperation =
  | { readonly kind: 'remove'; readonly name: string }
  | { readonly kind: 'bridge'; readonly name: string; readonly mtu: number }
  | {
      readonly kind: 'veth';
      readonly name: string;
      readonly mtu: number;
      readonly peer: { readonly name: string; readonly namespacePid: number | null; readonly mac?: string };
    }
  | { readonly kind: 'master'; readonly name: string; readonly master: string }
  | { readonly kind: 'up'; readonly name: string }
  /** Left alone where any link of the namespace has the address: apply moves a host's address from eth0 to a bridge. */
  | { readonly kind: 'address'; readonly name: string; readonly address: string }
  | { readonly kind: 'default-route'; readonly gateway: string };

/**
 * Does them in order; what is there already is left as it is.
 * @throws LinkError with the kernel's errno
 */
export async function applyLinkOperations(operations: readonly LinkOperation[]): Promise<void> {
  const links = Links.open();
  try {
    for (const operation of operations) await applyOne(links, operation);
  } finally {
    links.close();
  }
}

async function applyOne(links: Links, operation: LinkOperation): Promise<void> {
  switch (operation.kind) {
    case 'remove':
      return unless('ENODEV', links.remove(operation.name));
    case 'bridge':
      return unless('EEXIST', links.createBridge(operation.name, operation.mtu));
    case 'veth':
      return unless(
        'EEXIST',
        links.createVeth({ name: operation.name, namespacePid: null }, operation.peer, operation.mtu),
      );
    case 'master':
      return links.setMaster(operation.name, operation.master);
    case 'up':
      return links.setUp(operation.name);
    case 'address':
      return addAddressOnce(links, operation.name, operation.address);
    case 'default-route':
      return addDefaultRouteOnce(links, operation.gateway);
  }
}

async function addAddressOnce(links: Links, name: string, address: string): Promise<void> {
  const prefix = parsePrefix(address);
  if (prefix === null) throw new Error(`not an address with prefix length: ${address}`);
  const held = (await links.addresses()).some((other) => sameIp(other.ip, prefix.ip));
  if (!held) await links.addAddress(name, prefix);
}

async function addDefaultRouteOnce(links: Links, gateway: string): Promise<void> {
  const ip = parseIp(gateway);
  if (ip === null) throw new Error(`not an address: ${gateway}`);
  await unless('EEXIST', links.addDefaultRoute(ip));
}

async function unless(errno: string, done: Promise<void>): Promise<void> {
  try {
    await done;
  } catch (error) {
    if (!(error instanceof LinkError) || error.errno !== errno) throw error;
  }
}

/** Every prefix that this namespace has an address in or a route to, as `10.0.0.0/8`. */
export async function observeUsedPrefixes(): Promise<string[]> {
  const links = Links.open();
  try {
    const onLinks = (await links.addresses()).map(networkOf);
    return [...onLinks, ...(await links.routedPrefixes())].map(formatPrefix);
  } finally {
    links.close();
  }
}
