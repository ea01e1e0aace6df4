import t from 'tap';
import { DomainDefinition } from '../../../lib/model/domain-definition.js';
import { pathOf, requestOf } from '../../../lib/negotiate/request.js';
import { topologyOf } from '../plan/hosts.js';

const MOVE = { vm: 'shop', shellDomain: 'shop', from: 'node-a', to: 'node-b' };
const NETWORKS = {
  ...{ path: { network: 'blue', bytes: 1500 }, offloadingNics: [], offloadFix: '' },
  ...{ cpuFix: '', blockDrivers: [] },
};
const of = (inside: string, type = 'kvm') =>
  requestOf(MOVE, DomainDefinition.parse(`<domain type='${type}'>${inside}</domain>`), NETWORKS);

t.test('what a live definition asks for', async (t) => {
  const asked = of(`<memory unit='GiB'>2</memory>
    <os><type arch='aarch64' machine='virt-9.2'>hvm</type></os>
    <cpu mode='custom' match='exact' check='full'><model fallback='forbid'>EPYC</model>
      <feature policy='require' name='vaes'/><feature name='la57'/><feature policy='disable' name='avx2'/>
      <feature policy='optional' name='pku'/></cpu>
    <devices><emulator>/usr/libexec/qemu-kvm</emulator></devices>`);
  t.match(asked, {
    ...MOVE,
    emulator: '/usr/libexec/qemu-kvm',
    arch: 'aarch64',
    machine: 'virt-9.2',
    acceleration: 'kvm',
    hugePages: [],
  });
  t.same(asked.cpu, { mode: 'custom', model: 'EPYC', required: ['vaes', 'la57'], disabled: ['avx2'] });
});

t.test('what it does not say is QEMU’s default', async (t) => {
  const asked = of('', 'qemu');
  t.match(asked, { emulator: '', arch: 'x86_64', machine: '', acceleration: 'qemu' });
  t.same(asked.cpu, { mode: 'none', model: '', required: [], disabled: [] });
  t.match(of("<cpu mode='host-passthrough' migratable='on'/>").cpu, { mode: 'host-passthrough', model: '' });
  t.match(of('<cpu><model>qemu64</model></cpu>').cpu, { mode: 'custom', model: 'qemu64' });
  t.match(of("<cpu><topology sockets='1' cores='2' threads='1'/></cpu>").cpu, { mode: 'none' });
});

t.test('huge pages: the size that is said, in its unit, or the host’s own', async (t) => {
  const pages = (text: string) => of(`<memory unit='GiB'>2</memory><memoryBacking>${text}</memoryBacking>`).hugePages;
  t.same(pages('<hugepages/>'), [{ pageBytes: null, bytes: 2 ** 31 }]);
  t.same(pages("<hugepages><page size='1' unit='G'/></hugepages>"), [{ pageBytes: 2 ** 30, bytes: 2 ** 31 }]);
  t.same(pages("<hugepages><page size='2048'/></hugepages>"), [{ pageBytes: 2 ** 21, bytes: 2 ** 31 }]);
  t.same(pages('<locked/>'), []);
});

t.test('the way is as wide as the VM’s widest network, by the family of the VTEPs', async (t) => {
  const { vms, networks } = topologyOf();
  const [vm] = vms;
  const [network] = networks;
  if (vm === undefined || network === undefined) throw new Error('too few');
  t.same(pathOf(vm, networks, 4), { network: network.name, bytes: network.mtu + 50 });
  t.same(pathOf(vm, networks, 6), { network: network.name, bytes: network.mtu + 70 });
  t.same(pathOf(vm, [{ ...network, name: 'other', mtu: 9000 }, network], 4).network, network.name, 'its own alone');
  t.same(pathOf({ nics: [] }, networks, 4), { network: '', bytes: 0 });
});
