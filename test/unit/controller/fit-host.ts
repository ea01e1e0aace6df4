import type { Host, Topology } from '../../../lib/model/topology.js';
import { MemoryOvsdb } from './memory-ovsdb.js';
import { ScriptedShell } from './scripted-shell.js';

/** What a host prints of its programs that has all that is needed. */
export function fitness(name: string): string {
  return `
=== ovsdb
8.3.1
=== vswitchd
ovs-vswitchd (Open vSwitch) 3.1.0
=== datapath
yes
=== fping
fping: Version 5.1
=== carrier vxlan

=== libvirt
Running against daemon: 11.3.0
=== uuid
uuid-of-${name}
=== hostname
${name}
=== own
198.18.1.10
=== qemu
QEMU emulator version 10.0.2
=== kvm
yes
=== image
yes
=== memory
MemAvailable:   4000000 kB
=== buffer
1048576
=== userfaultfd
1
=== range

=== ports

=== cpu
      <model usable='yes'>qemu64</model>
`;
}

/** The same of what its kernel has configured: one device, with the address that the file says. */
function kernel({ addresses }: Host): string {
  const address = (local = '') => ({ local, prefixlen: 24, scope: 'global' });
  const eth0 = {
    ifname: 'eth0',
    address: '02:00:00:00:00:02',
    mtu: 1600,
    flags: ['UP'],
    addr_info: addresses.map(address),
  };
  const routes = [{ dst: 'default', gateway: `${addresses[0]?.replace(/\d+$/, '1')}`, dev: 'eth0' }];
  return [
    '=== ssh\n192.0.2.1 50000 192.0.2.7 22\n=== datapath\nyes\n=== libvirt\n/run/libvirt/libvirt-sock',
    `=== links\n${JSON.stringify([eth0])}\n=== routes4\n${JSON.stringify(routes)}\n=== routes6\n[]`,
    '=== switch\n3.1.0\n',
  ].join('\n');
}

/** Hosts on which nothing has been done yet, and that have all that vxmig needs. */
export function fitHosts({ hosts }: Topology): ReadonlyMap<string, ScriptedShell> {
  return new Map(
    hosts.map((host): [string, ScriptedShell] => {
      const shell = new ScriptedShell(host.name)
        .on(/section ovsdb/, fitness(host.name))
        .on(/section ssh/, kernel(host))
        .on(/virsh .* list --all/, '=== vxmig domains\n=== vxmig end\n')
        .on(/^sh -s -- (kvm|tcg) 20 /, 'ready\n')
        .on(/^ping /, '3 packets transmitted, 3 received')
        .on(/\/dev\/tcp/, { exitCode: 1, stderr: 'Connection refused' })
        .on(/^timeout 25 virsh /, 'Running hypervisor: QEMU 10.0.2\n')
        .onTalk(/EPOCHREALTIME/, (said) =>
          said === '' ? '' : `${((performance.timeOrigin + performance.now()) / 1000).toFixed(6)}\n`,
        );
      shell.sockets.set(...new MemoryOvsdb().socket);
      return [host.name, shell];
    }),
  );
}
