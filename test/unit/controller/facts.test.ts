import t from 'tap';
import { vmFacts } from '../../../lib/controller/facts.js';
import { networkFacts } from '../../../lib/network/ovs/facts.js';
import { freshHosts, topologyOf, withHost } from '../plan/hosts.js';

const TOPOLOGY = topologyOf(['host-c: {underlay: right,', 'host-c: {underlay: right, datapath: netdev,']);

t.test(
  'the datapath is the kernel’s where its module is loaded, else userspace; the file has the last word',
  async (t) => {
    const hosts = withHost(freshHosts(TOPOLOGY), 'host-b', () => ({ kernelDatapath: false }));
    const facts = networkFacts(TOPOLOGY, hosts);
    t.strictSame(
      ['host-a', 'host-b', 'host-c'].map((name) => facts(name).datapath),
      ['system', 'netdev', 'netdev'],
    );
  },
);

t.test('one accelerator for all: a VM that runs under KVM cannot go on without', async (t) => {
  const all = freshHosts(TOPOLOGY).map((host) => ({ ...host, kvm: true }));
  t.strictSame(vmFacts(all).accelerator, { type: 'kvm' });
  const allButOne = withHost(all, 'host-c', () => ({ kvm: false }));
  t.strictSame(vmFacts(allButOne).accelerator, { type: 'qemu' });
});
