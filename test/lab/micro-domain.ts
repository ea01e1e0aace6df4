const MAC = '52:54:00:09:00:01';
const HOST_OFF = "csum='off' gso='off' tso4='off' tso6='off' ecn='off' ufo='off'";
const GUEST_OFF = "csum='off' tso4='off' tso6='off' ecn='off' ufo='off'";
const QEMU64 = "<cpu mode='custom' match='exact' check='none'><model fallback='forbid'>qemu64</model></cpu>";

interface MicroDomain {
  readonly name: string;
  readonly memoryMiB: number;
  readonly machine?: string;
  readonly cpu?: string;
  /** In the guest, with their prefixes. */
  readonly addresses?: string;
  /** Elements under `<devices>` besides its NIC, its console and a controller for SCSI. */
  readonly devices?: string;
}

/** The lab's small guest, as somebody has defined it before vxmig came. */
export function microDomain({
  name,
  memoryMiB,
  machine = 'pc',
  cpu = QEMU64,
  addresses = '10.9.0.1/24,fd00:9::1/64',
  devices = '',
}: MicroDomain): string {
  return `<domain type='qemu'>
  <name>${name}</name><uuid>6ba7b810-9dad-41d1-80b4-00c04fd430c8</uuid><memory unit='MiB'>${memoryMiB}</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='${machine}'>hvm</type>
    <kernel>/var/lib/vxmig/images/micro/vmlinuz</kernel>
    <initrd>/var/lib/vxmig/images/micro/initrd.img</initrd>
    <cmdline>console=ttyS0 vxmig.name=${name} vxmig.nic=${MAC},1450,${addresses}</cmdline>
  </os>
  ${cpu}
  <devices>
    ${devices}
    <interface type='user'>
      <mac address='${MAC}'/><model type='virtio'/>
      <driver name='qemu'><host ${HOST_OFF}/><guest ${GUEST_OFF}/></driver>
    </interface>
    <serial type='pty'/>
    <memballoon model='none'/>
  </devices>
</domain>`;
}

/** Somebody's VM with disks on a SCSI bus. */
export function legacyDomain(disks: string, addresses?: string): string {
  const devices = `<controller type='scsi' model='virtio-scsi'/>\n    ${disks}`;
  return microDomain({ name: 'legacy', memoryMiB: 160, devices, ...(addresses === undefined ? {} : { addresses }) });
}

/** With a disk on the server of topologies/thesis-nfs.yaml, which its QEMU asks itself. */
export function nfsDomain(path: string): string {
  return legacyDomain(
    `<disk type='network' device='disk'>
      <driver name='qemu' type='raw' cache='none'/>
      <source protocol='nfs' name='${path}'>
        <host name='198.18.9.10'/><identity user='+0' group='+0'/>
      </source>
      <target dev='sda' bus='scsi'/>
    </disk>`,
    '10.9.0.1/24',
  );
}
