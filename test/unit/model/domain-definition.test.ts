import t from 'tap';
import { DomainDefinition } from '../../../lib/model/domain-definition.js';
import { VxmigError } from '../../../lib/model/errors.js';

const DOMAIN = `<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>Büro &amp; Co</name>
  <uuid>7C1F6E0E-5a5a-4c5e-9d0b-0000000000a1</uuid>
  <!-- kept -->
  <memory unit='GiB'>2</memory>
  <vcpu current='1'>4</vcpu>
  <description><![CDATA[a <disk> that is none]]></description>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' cache='none'/>
      <source file='/srv/a.qcow2'/>
      <backingStore type='file'><source file='/srv/base.qcow2'/></backingStore>
      <target dev='vda' bus='virtio'/>
    </disk>
    <disk type='file' device='cdrom'><target dev='sda'/></disk>
    <disk type='network'><source protocol='nbd' name='x'><host name='h' port='1'/></source><target dev='vdb'/></disk>
    <interface type='hostdev'><mac address='52:54:00:AA:00:01'/></interface>
    <interface type='bridge'><mac address='52:54:00:aa:00:02'/><model type='virtio'/><driver queues='2'/></interface>
  </devices>
  <qemu:commandline><qemu:arg value='-foo'/></qemu:commandline>
</domain>`;

t.test('what a definition says is read', async (t) => {
  const definition = DomainDefinition.parse(DOMAIN);
  t.equal(definition.name, 'Büro & Co');
  t.equal(definition.uuid, '7c1f6e0e-5a5a-4c5e-9d0b-0000000000a1');
  t.equal(definition.type, 'kvm');
  t.equal(definition.memoryBytes, 2 ** 31);
  t.equal(definition.vcpus, 4);
  t.match(definition.disks, [
    { target: 'vda', device: 'disk', type: 'file', source: '/srv/a.qcow2', cache: 'none', readonly: false },
    { target: 'sda', device: 'cdrom', source: null, readonly: true },
    { target: 'vdb', device: 'disk', type: 'network', protocol: 'nbd', source: 'x', cache: 'default' },
  ]);
  t.match(definition.interfaces, [
    { mac: '52:54:00:aa:00:01', type: 'hostdev', model: null, queues: 1 },
    { mac: '52:54:00:aa:00:02', type: 'bridge', model: 'virtio', queues: 2 },
  ]);
});

t.test('what is not understood stays', async (t) => {
  const text = DomainDefinition.parse(DOMAIN).toString();
  t.match(text, '<!-- kept -->');
  t.match(text, '<![CDATA[a <disk> that is none]]>');
  t.match(text, /<qemu:commandline><qemu:arg value="-foo"\/><\/qemu:commandline>/);
  t.equal(DomainDefinition.parse(text).toString(), text, 'what was written reads the same');
});

t.test('a memory in libvirt’s own unit is in KiB', async (t) => {
  t.equal(DomainDefinition.parse('<domain><memory>131072</memory></domain>').memoryBytes, 2 ** 27);
  t.equal(DomainDefinition.parse('<domain><memory unit="parsec">1</memory></domain>').memoryBytes, null);
});

t.test('what is no definition is refused', async (t) => {
  for (const text of ['', 'no domain', '<network/>', '<domain><name>x</domain>', '<domain>&undefined;</domain>']) {
    t.throws(() => DomainDefinition.parse(text), { code: 'HOST_UNFIT' }, text);
  }
  t.throws(() => DomainDefinition.parse('<domain'), VxmigError);
});
