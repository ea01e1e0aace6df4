import type { Seed } from '../model/seed.js';
import type { Topology, Vm } from '../model/topology.js';
import { networkOf } from './topology-parts.js';

/**
 * @param instance an id that stays as long as the VM is the same: another one would have the guest make itself new
 * @param keys public keys of those who may log in as root
 */
export function seedOf(topology: Topology, vm: Vm, instance: string, keys: readonly string[]): Seed {
  const users = { disable_root: false, ssh_pwauth: false, ssh_authorized_keys: keys };
  return {
    metaData: json({ 'instance-id': instance, 'local-hostname': vm.name }),
    userData: `#cloud-config\n${json({ hostname: vm.name, ...users, users: [{ name: 'root', ...users }] })}`,
    networkConfig: json({ version: 2, ethernets: ethernets(topology, vm) }),
  };
}

/** JSON is YAML of every version: one that reads version 1.1 takes a MAC that stands bare for a number of base 60. */
function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Known by their MACs: in which order the guest's kernel finds them is its affair. */
function ethernets(topology: Topology, vm: Vm): Record<string, unknown> {
  return Object.fromEntries(
    vm.nics.map(({ mac, network, addresses }, index) => [
      `nic${index}`,
      {
        match: { macaddress: mac },
        'set-name': `eth${index}`,
        mtu: networkOf(topology, network).mtu,
        dhcp4: false,
        dhcp6: false,
        'accept-ra': false,
        ...(addresses.length === 0 ? {} : { addresses }),
        optional: true,
      },
    ]),
  );
}
