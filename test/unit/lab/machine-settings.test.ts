import t from 'tap';
import { scaleTopology } from '../../../lib/bench/scale-topology.js';
import { daemonsFor } from '../../../lib/lab/daemons.js';
import { neighboursOf } from '../../../lib/lab/machine-settings.js';
import { parseTopology } from '../../../lib/topology/read.js';

t.test('neighbours: every host of a segment and its router have each other, and all have the controller', async (t) => {
  const of = (hosts: number) =>
    neighboursOf(parseTopology(scaleTopology({ name: 'x', hosts, mesh: 'full' }), 'x.yaml'));
  t.equal(of(4), 2 * 2 ** 2 + 3 * 4);
  t.equal(of(64), 4 * 16 ** 2 + 3 * 64, 'more than the 1024 that a kernel has room for by default');
});

t.test('hosts that have never had VMs run no libvirt', async (t) => {
  const names = (libvirt: boolean) => daemonsFor({ libvirt }).map(({ name }) => name);
  t.same(names(false), ['ovsdb-server', 'ovs-vswitchd', 'sshd']);
  t.same(names(true), [...names(false), 'virtlogd', 'libvirtd']);
});
