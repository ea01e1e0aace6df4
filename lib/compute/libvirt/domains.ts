import type { HostShell } from '../../host/connection.js';
import { LIBVIRT_SOCKETS } from '../../host/libvirt-sockets.js';
import { CommandError, VxmigError } from '../../model/errors.js';
import type { LibvirtDomain } from '../../model/libvirt-domain.js';
import { LibvirtError } from './protocol/connection.js';
import { Libvirt } from './protocol/domains.js';
import { listDomains, readDomain } from './virsh-list.js';

const URI = 'qemu:///system';

/** What tells whether a host that does not answer for libvirt is at fault. */
export interface LibvirtExpected {
  /** The topology has VMs, so that each of its hosts must have libvirt. */
  readonly hasVms: boolean;
  /** As observeKernel tells of them; without any, libvirt is not there and has no domain. */
  readonly libvirtFiles: Promise<readonly string[]>;
}

/** Every domain that libvirt on that host knows. @throws CommandError where libvirt does not answer */
export async function domainsOf(shell: HostShell): Promise<readonly LibvirtDomain[]> {
  return await ask(
    shell,
    (libvirt) => libvirt.domains(),
    () => listDomains(shell),
  );
}

/**
 * The same; where the topology has no VMs the host need not have libvirt.
 * @throws CommandError where libvirt does not answer though it is there, or was; VxmigError HOST_UNFIT where it is
 * missing
 */
export async function observeDomains(
  shell: HostShell,
  { hasVms, libvirtFiles }: LibvirtExpected,
): Promise<readonly LibvirtDomain[]> {
  const byVirsh = async () => {
    const isThere = (await libvirtFiles).length > 0;
    if (!isThere && !hasVms) return [];
    return await listDomains(shell).catch((cause: unknown) => {
      throw isThere || !(cause instanceof CommandError) ? cause : noLibvirt(shell.name, cause);
    });
  };
  return await ask(shell, (libvirt) => libvirt.domains(), byVirsh);
}

function noLibvirt(host: string, cause: CommandError): VxmigError {
  return new VxmigError('HOST_UNFIT', `${host} has no libvirt, and the topology has VMs: ${cause.message}`, {
    where: host,
    hint:
      'For a host of a lab: `vxmig lab up FILE` starts it. Else install it there; `vxmig doctor FILE` says what ' +
      'else is missing.',
    cause,
  });
}

/** null: libvirt on that host knows no domain of that name. */
export async function observeDomain(shell: HostShell, name: string): Promise<LibvirtDomain | null> {
  return await ask(
    shell,
    (libvirt) => libvirt.domain(name),
    () => readDomain(shell, name),
  );
}

/** By its socket, which takes 3 ms; where that cannot be had, by virsh, which takes 70 and says best what is wrong. */
async function ask<Answer>(
  shell: HostShell,
  question: (libvirt: Libvirt) => Promise<Answer>,
  byVirsh: () => Promise<Answer>,
): Promise<Answer> {
  const libvirt = await open(shell);
  if (libvirt === null) return await byVirsh();
  try {
    return await question(libvirt);
  } catch (error) {
    if (!(error instanceof LibvirtError)) throw error;
    return await byVirsh();
  } finally {
    libvirt.close();
  }
}

async function open(shell: HostShell): Promise<Libvirt | null> {
  for (const socket of LIBVIRT_SOCKETS) {
    try {
      return await Libvirt.open(await shell.openSocket(socket), URI);
    } catch (error) {
      if (!(error instanceof LibvirtError || error instanceof VxmigError)) throw error;
    }
  }
  return null;
}
