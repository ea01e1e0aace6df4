import t from 'tap';
import type { Topology } from '../../../lib/model/topology.js';
import { WITHOUT_OFFLOADS } from '../../../lib/plan/nic-offload.js';
import type { ObservedHost } from '../../../lib/plan/observed.js';
import { domainSeen } from './domains.js';
import { freshHosts, KERNEL, planFor, planned, topologyOf, USERSPACE, withHost } from './hosts.js';

const MAC = '52:54:00:09:00:01';
const ADOPTED = ['image: micro', 'domain: legacy'] as const;

/** The hosts, with a domain on host-a that has this NIC. */
function hostsWith(topology: Topology, nic: string): ObservedHost[] {
  const xml = `<domain type='qemu'><devices>
  <interface type='user'><mac address='52:54:00:00:00:99'/><model type='virtio'/></interface>
  <interface type='user'><mac address='${MAC}'/>${nic}</interface>
</devices></domain>`;
  const domains = [domainSeen('legacy', xml)];
  return withHost(freshHosts(topology), 'host-a', () => ({ domains }));
}

function warnings(nic: string, facts = USERSPACE): readonly string[] {
  const topology = topologyOf(ADOPTED);
  return planned(topology, hostsWith(topology, nic), facts).warnings.filter(aboutOffloads);
}

function aboutOffloads(warning: string): boolean {
  return warning.includes('leaves checksums');
}

t.test('a virtio NIC that leaves checksums to the host is warned of, with the lines that fix it', async (t) => {
  for (const nic of [
    `<model type='virtio'/>`,
    `<model type='virtio-non-transitional'/><driver name='qemu' queues='2'/>`,
    `<model type='virtio'/><driver name='qemu'><guest csum='off'/></driver>`,
    `<model type='virtio'/><driver name='vhost'><host csum='on' gso='off'/></driver>`,
  ]) {
    const [warning = '', ...others] = warnings(nic);
    t.strictSame(others, []);
    t.match(warning, /^web leaves checksums to the host, .* ping and no TCP\. `virsh edit legacy` on host-a: /, nic);
    t.ok(warning.includes(`<interface> of ${MAC} ${WITHOUT_OFFLOADS}`));
  }
});

t.test('one that is fixed so, or makes its checksums itself, is not', async (t) => {
  t.strictSame(warnings(`<model type='virtio'/>${WITHOUT_OFFLOADS}`), []);
  t.strictSame(warnings(`<model type="virtio"/><driver name="qemu"><host gso="off" csum="off"/></driver>`), []);
  t.strictSame(warnings(`<model type='e1000'/>`), []);
});

t.test('only where Open vSwitch forwards in userspace: where the VM is, or where it is to go', async (t) => {
  const nic = `<model type='virtio'/>`;
  t.strictSame(warnings(nic, KERNEL), []);
  const moves = topologyOf(ADOPTED, ['host: host-a', 'host: host-b']);
  const at = (userspace: string) => (host: string) => (host === userspace ? USERSPACE : KERNEL);
  for (const [userspace, count] of [
    ['host-a', 1],
    ['host-b', 1],
    ['host-c', 0],
  ] as const)
    t.equal(planFor(moves, hostsWith(moves, nic), at(userspace)).warnings.filter(aboutOffloads).length, count);
  t.strictSame(planned(topologyOf(), freshHosts(topologyOf()), USERSPACE).warnings, [], 'vxmig’s own have none');
});

t.test('a model whose offloads nothing turns off is warned of, and another model is what fixes it', async (t) => {
  for (const model of ['vmxnet3', 'e1000e', 'igb']) {
    // Only virtio has these settings.
    const [warning = ''] = warnings(`<model type='${model}'/>${WITHOUT_OFFLOADS}`);
    t.match(warning, /^web leaves checksums to the host, .* ping and no TCP/);
    t.ok(
      warning.includes(
        `libvirt cannot turn off the offloads of ${model}: give the <interface> of ${MAC} another model`,
      ),
    );
  }
});
