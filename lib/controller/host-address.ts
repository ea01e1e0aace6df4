import type { Host, SshSettings } from '../model/topology.js';
import { vtepOf } from '../plan/topology-parts.js';

/** Where nothing is said, a host is reached at its VTEP's address, as root. */
export function sshOf(host: Host): SshSettings {
  return host.ssh ?? { address: vtepOf(host), port: 22, user: 'root', identityFile: null, hostKey: null };
}

/** How another host's virsh reaches this one's libvirtd. */
export function libvirtUriOf(host: Host): string {
  const { user, address, port } = sshOf(host);
  const at = address.includes(':') ? `[${address}]` : address;
  return `qemu+ssh://${encodeURIComponent(user)}@${at}:${port}/system`;
}
