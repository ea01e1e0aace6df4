import type { HostShell } from '../host/connection.js';
import { VxmigError } from '../model/errors.js';
import type { Topology } from '../model/topology.js';
import type { ObservedHost } from '../plan/observed.js';

const QUESTION = 'virsh -q -c qemu:///system domcapabilities --arch x86_64 --virttype qemu --machine "$1"';

/**
 * That libvirt has a UEFI where a VM that is to have one is to be made. Of one that is there nobody is asked. @throws
 * VxmigError HOST_UNFIT
 */
export async function refuseWithoutFirmware(
  { vms }: Pick<Topology, 'vms'>,
  observed: readonly Pick<ObservedHost, 'host' | 'domains'>[],
  shellOf: (host: string) => HostShell,
): Promise<void> {
  for (const { name, host, source } of vms) {
    if (source.kind !== 'image' || source.machine.firmware !== 'uefi') continue;
    if (observed.some(({ domains }) => domains.some((domain) => domain.name === name))) continue;
    const argv = ['sh', '-c', QUESTION, 'sh', source.machine.machine ?? 'q35'];
    const { stdout } = await shellOf(host).run(argv, { accept: [0, 1] });
    const offered = /<enum name='firmware'>(.*?)<\/enum>/s.exec(stdout)?.[1];
    // One that does not answer, or does not know the machine, says so when the VM is defined.
    if (stdout === '' || offered?.includes('<value>efi</value>') === true) continue;
    throw new VxmigError('HOST_UNFIT', `${name} is to have \`firmware: uefi\`, and libvirt on ${host} knows of none`, {
      where: `${host} ${name}`,
      hint: `Nothing was changed. \`apt-get install ovmf\` on ${host}, and wherever else ${name} may go.`,
    });
  }
}
