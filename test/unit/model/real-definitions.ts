/**
 * A definition as people have them, and what is to be read from it: each NIC as `TYPE MAC MODEL [SOURCE]`, each disk as
 * `TARGET TYPE`.
 */
export interface RealDefinition {
  readonly what: string;
  readonly xml: string;
  readonly nics: readonly string[];
  readonly disks: readonly string[];
}

const domain = (content: string, attributes = "type='kvm'") =>
  `<domain ${attributes}><name>x</name><uuid>6ba7b810-9dad-11d1-80b4-00c04fd430c8</uuid>${content}</domain>`;
const devices = (content: string) => domain(`<devices>${content}</devices>`);
const PCI = "<address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>";

/**
 * What `virt-install` makes, in the words of libvirt 11.3 (`virsh dumpxml --inactive`), shortened where it repeats
 * itself.
 */
const VIRT_INSTALL = `<domain type='kvm'>
  <name>debian12</name>
  <uuid>1f6c8f02-5c1d-4b93-9be2-0c5f0b1f6a11</uuid>
  <metadata>
    <libosinfo:libosinfo xmlns:libosinfo="http://libosinfo.org/xmlns/libvirt/domain/1.0">
      <libosinfo:os id="http://debian.org/debian/12"/>
    </libosinfo:libosinfo>
  </metadata>
  <memory unit='KiB'>2097152</memory>
  <currentMemory unit='KiB'>2097152</currentMemory>
  <vcpu placement='static'>2</vcpu>
  <os><type arch='x86_64' machine='pc-q35-10.0'>hvm</type><boot dev='hd'/></os>
  <features><acpi/><apic/><vmport state='off'/></features>
  <cpu mode='host-passthrough' check='none' migratable='on'/>
  <clock offset='utc'><timer name='rtc' tickpolicy='catchup'/><timer name='hpet' present='no'/></clock>
  <on_poweroff>destroy</on_poweroff>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' discard='unmap'/>
      <source file='/var/lib/libvirt/images/debian12.qcow2'/>
      <target dev='vda' bus='virtio'/>
      <address type='pci' domain='0x0000' bus='0x04' slot='0x00' function='0x0'/>
    </disk>
    <disk type='file' device='cdrom'>
      <driver name='qemu' type='raw'/><target dev='sda' bus='sata'/><readonly/>
      <address type='drive' controller='0' bus='0' target='0' unit='0'/>
    </disk>
    <controller type='usb' index='0' model='qemu-xhci' ports='15'/>
    <interface type='network'>
      <mac address='52:54:00:6c:3c:01'/>
      <source network='default'/>
      <model type='virtio'/>
      ${PCI}
    </interface>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <graphics type='spice' autoport='yes'><listen type='address'/><image compression='off'/></graphics>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
  </devices>
</domain>`;

/** As OpenStack's Nova writes it: metadata of its own in plenty, NICs that it plugs by itself. */
const NOVA = `<domain type='kvm' id='7'>
  <name>instance-0000002a</name>
  <uuid>5b7a1b60-0b1c-4f0c-8b65-5b9d1c8f0d11</uuid>
  <metadata>
    <nova:instance xmlns:nova="http://openstack.org/xmlns/libvirt/nova/1.1">
      <nova:package version="25.2.1"/>
      <nova:name>web &lt;1&gt;</nova:name>
      <nova:owner><nova:user uuid="a1">admin</nova:user><nova:project uuid="b2">admin</nova:project></nova:owner>
      <nova:ports><nova:port uuid="c3">
        <nova:ip type="fixed" address="10.0.0.12" ipVersion="4"/></nova:port></nova:ports>
    </nova:instance>
  </metadata>
  <memory unit='KiB'>524288</memory>
  <sysinfo type='smbios'><system><entry name='manufacturer'>OpenStack Foundation</entry></system></sysinfo>
  <devices>
    <disk type='network' device='disk'>
      <driver name='qemu' type='raw' cache='writeback' discard='unmap'/>
      <auth username='cinder'><secret type='ceph' uuid='d4'/></auth>
      <source protocol='rbd' name='volumes/volume-e5' index='1'><host name='198.51.100.4' port='6789'/></source>
      <target dev='vda' bus='virtio'/>
    </disk>
    <interface type='bridge'>
      <mac address='fa:16:3e:01:02:03'/>
      <source bridge='br-int'/>
      <virtualport type='openvswitch'><parameters interfaceid='c3c3c3c3-0000-0000-0000-000000000000'/></virtualport>
      <target dev='tapc3c3c3c3-00'/>
      <model type='virtio'/>
      <driver name='vhost' rx_queue_size='512'/>
      <mtu size='1442'/>
      <alias name='net0'/>
    </interface>
  </devices>
  <seclabel type='dynamic' model='apparmor' relabel='yes'/>
</domain>`;

export const REAL_DEFINITIONS: readonly RealDefinition[] = [
  {
    what: 'of virt-install',
    xml: VIRT_INSTALL,
    nics: ['network 52:54:00:6c:3c:01 virtio default'],
    disks: ['vda file', 'sda file'],
  },
  { what: 'of OpenStack', xml: NOVA, nics: ['bridge fa:16:3e:01:02:03 virtio br-int'], disks: ['vda network'] },
  {
    what: 'a comment with a NIC that is none, before one that is',
    xml: devices(
      "<!-- <interface type='user'><mac address='52:54:00:00:00:ff'/></interface> --><interface " +
        "type='user'><mac address='52:54:00:00:00:01'/></interface>",
    ),
    nics: ['user 52:54:00:00:00:01 -'],
    disks: [],
  },
  {
    what: 'CDATA with tags in it',
    xml: domain('<description><![CDATA[<devices><interface type="user"/></devices> ]]></description><devices/>'),
    nics: [],
    disks: [],
  },
  {
    what: "somebody else's metadata with interfaces of theirs",
    xml: domain(
      "<metadata><app:x xmlns:app='urn:app'><app:interface type='bridge'><mac " +
        "address='52:54:00:00:00:02'/></app:interface></app:x><interface xmlns='urn:other'><mac " +
        "address='52:54:00:00:00:03'/></interface></metadata><devices><interface type='network'><mac " +
        "address='52:54:00:00:00:04'/><source network='lan'/></interface></devices>",
    ),
    nics: ['network 52:54:00:00:00:04 - lan'],
    disks: [],
  },
  {
    what: 'double quotes, capitals, blanks around equals signs',
    xml: devices(
      '<interface type = "bridge" ><mac address = "52:54:00:AB:CD:EF" /><source bridge = "br 0"/><model ' +
        'type="e1000"/></interface>',
    ),
    nics: ['bridge 52:54:00:ab:cd:ef e1000 br 0'],
    disks: [],
  },
  {
    what: 'attributes in another order, with those that vxmig does not know',
    xml: devices(
      "<interface x='1' managed='yes' type='hostdev'><source><address type='pci'/></source><mac type='static' " +
        "address='52:54:00:00:00:05'/></interface>",
    ),
    nics: ['hostdev 52:54:00:00:00:05 -'],
    disks: [],
  },
  {
    what: 'a device that is passed through by its network',
    xml: devices(
      "<interface type='network'><source network='sriov-pool'/><mac address='52:54:00:00:00:06'/><vlan><tag " +
        "id='42'/></vlan></interface>",
    ),
    nics: ['network 52:54:00:00:00:06 - sriov-pool'],
    disks: [],
  },
  {
    what: 'a NIC of vhost-user, and what DPDK wants for it',
    xml: domain(
      "<memoryBacking><hugepages><page size='2' unit='M'/></hugepages></memoryBacking><devices><interface " +
        "type='vhostuser'><mac address='52:54:00:00:00:07'/><source type='unix' path='/run/vhost0' " +
        "mode='server'/><model type='virtio'/><driver queues='4'/></interface></devices>",
    ),
    nics: ['vhostuser 52:54:00:00:00:07 virtio'],
    disks: [],
  },
  {
    what: 'vDPA',
    xml: devices(
      "<interface type='vdpa'><mac address='52:54:00:00:00:08'/><source dev='/dev/vhost-vdpa-0'/></interface>",
    ),
    nics: ['vdpa 52:54:00:00:00:08 - /dev/vhost-vdpa-0'],
    disks: [],
  },
  {
    what: 'macvtap, with filters that it trusts',
    xml: devices(
      "<interface type='direct' trustGuestRxFilters='yes'><mac address='52:54:00:00:00:09'/><source dev='eno1' " +
        "mode='passthrough'/><model type='virtio'/></interface>",
    ),
    nics: ['direct 52:54:00:00:00:09 virtio eno1'],
    disks: [],
  },
  {
    what: 'passt with forwarded ports',
    xml: devices(
      "<interface type='user'><backend type='passt' logFile='/tmp/p.log'/><mac " +
        "address='52:54:00:00:00:0a'/><source dev='eth0'/><ip family='ipv4' address='172.17.2.4' " +
        "prefix='24'/><portForward proto='tcp' address='127.0.0.1'><range start='2022' " +
        "to='22'/></portForward><model type='virtio'/></interface>",
    ),
    nics: ['user 52:54:00:00:00:0a virtio eth0'],
    disks: [],
  },
  {
    what: 'sockets between domains',
    xml: devices(
      "<interface type='mcast'><mac address='52:54:00:00:00:0b'/><source address='230.0.0.1' " +
        "port='5558'/></interface><interface type='server'><mac address='52:54:00:00:00:0c'/><source " +
        "address='192.0.2.1' port='5558'/></interface><interface type='udp'><mac " +
        "address='52:54:00:00:00:0d'/></interface>",
    ),
    nics: ['mcast 52:54:00:00:00:0b -', 'server 52:54:00:00:00:0c -', 'udp 52:54:00:00:00:0d -'],
    disks: [],
  },
  {
    what: 'a tap of its own with a script',
    xml: devices(
      "<interface type='ethernet'><mac address='52:54:00:00:00:0e'/><script path='/etc/qemu-ifup'/><target " +
        "dev='mytap'/><model type='virtio'/></interface>",
    ),
    nics: ['ethernet 52:54:00:00:00:0e virtio'],
    disks: [],
  },
  {
    what: 'a NIC that libvirt is to give a MAC, and one that teams with another',
    xml: devices(
      "<interface type='bridge'><source bridge='br0'/></interface><interface type='bridge'><mac " +
        "address='52:54:00:00:00:0f'/><source bridge='br0'/><model type='virtio'/><teaming " +
        "type='persistent'/><alias name='ua-backup0'/></interface>",
    ),
    nics: ['bridge  - br0', 'bridge 52:54:00:00:00:0f virtio br0'],
    disks: [],
  },
  {
    what: 'arguments for QEMU itself, and an override',
    xml: domain(
      "<devices><interface type='bridge'><mac address='52:54:00:00:00:10'/><source " +
        "bridge='br0'/></interface></devices><qemu:commandline><qemu:arg value='-device'/><qemu:env name='A' " +
        "value='b'/></qemu:commandline><qemu:override><qemu:device alias='net0'/></qemu:override>",
      "type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'",
    ),
    nics: ['bridge 52:54:00:00:00:10 - br0'],
    disks: [],
  },
  {
    what: 'disks upon disks',
    xml: devices(
      "<disk type='file' device='disk'><source file='/a.qcow2'/><backingStore type='file'><format " +
        "type='qcow2'/><source file='/b.qcow2'/><backingStore/></backingStore><mirror type='file' " +
        "job='copy'><source file='/c'/></mirror><target dev='vda'/></disk><disk type='volume' " +
        "device='disk'><source pool='p' volume='v'/><target dev='vdb'/></disk><disk type='nvme' " +
        "device='disk'><source type='pci' namespace='1'/><target dev='vdc'/></disk><disk type='block' " +
        "device='lun'><source dev='/dev/sdx'/><target dev='sdd'/></disk>",
    ),
    nics: [],
    disks: ['vda file', 'vdb volume', 'vdc nvme', 'sdd block'],
  },
  {
    what: 'signs that XML escapes, and others’ alphabets',
    xml: domain(
      "<title>a &amp; b &lt;c&gt; &quot;d&quot; &#x4e2d; ü</title><devices><interface type='network'><mac " +
        "address='52:54:00:00:00:11'/><source network='büro &amp; &#39;co&#39;'/></interface></devices>",
    ),
    nics: ["network 52:54:00:00:00:11 - büro & 'co'"],
    disks: [],
  },
  {
    what: 'a declaration and an instruction before it',
    xml:
      '<?xml version="1.0" encoding="UTF-8"?>\n<!-- WARNING: THIS IS AN AUTO-GENERATED FILE. -->\n<?x y?>\n' +
      `${devices("<interface type='internal'><mac address='52:54:00:00:00:12'/></interface>")}`,
    nics: ['internal 52:54:00:00:00:12 -'],
    disks: [],
  },
  {
    what: 'another hypervisor’s container',
    xml: domain(
      "<os><type>exe</type><init>/bin/sh</init></os><devices><filesystem type='mount'><source " +
        "dir='/srv'/><target dir='/'/></filesystem><interface type='network'><mac " +
        "address='52:54:00:00:00:13'/><source network='default'/><guest dev='eth7'/><ip address='192.0.2.5' " +
        "prefix='24'/></interface></devices>",
      "type='lxc'",
    ),
    nics: ['network 52:54:00:00:00:13 - default'],
    disks: [],
  },
  {
    what: 'a CPU, NUMA and tuning in full',
    xml: domain(
      "<vcpu placement='static' cpuset='0-3' current='2'>4</vcpu><cputune><vcpupin vcpu='0' " +
        "cpuset='1'/></cputune><numatune><memory mode='strict' nodeset='0'/></numatune><cpu mode='custom' " +
        "match='exact'><model fallback='forbid'>Skylake-Server</model><feature policy='require' " +
        "name='vmx'/><numa><cell id='0' cpus='0-3' memory='4' unit='GiB'/></numa></cpu><devices><interface " +
        "type='bridge'><mac address='52:54:00:00:00:14'/><source " +
        "bridge='br0'/><tune><sndbuf>0</sndbuf></tune><bandwidth><inbound average='1000' peak='5000' " +
        "burst='1024'/></bandwidth></interface></devices>",
    ),
    nics: ['bridge 52:54:00:00:00:14 - br0'],
    disks: [],
  },
  { what: 'next to nothing', xml: '<domain/>', nics: [], disks: [] },
];
