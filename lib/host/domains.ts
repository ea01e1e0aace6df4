import { LibvirtError } from '../libvirt/connection.js';
import { Libvirt, type LibvirtDomain } from '../libvirt/domains.js';
import { VxmigError } from '../model/errors.js';
import type { HostShell } from './connection.js';
import { listDomains, readDomain } from './virsh.js';

/** Where libvirtd listens, or virtproxyd in its name; and virtqemud, where that is all there is (libvirt.org/daemons.html). */
const SOCKETS = ['/run/libvirt/libvirt-sock', '/run/libvirt/virtqemud-sock'] as const;
const URI = 'qemu:///system';

/** Every domain that libvirt on that host knows. @throws CommandError where libvirt does not answer */
export async function observeDomains(shell: HostShell): Promise<readonly LibvirtDomain[]> {
  return await ask(
    shell,
    (libvirt) => libvirt.domains(),
    () => listDomains(shell),
  );
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
  for (const socket of SOCKETS) {
    try {
      return await Libvirt.open(await shell.openSocket(socket), URI);
    } catch (error) {
      if (!(error instanceof LibvirtError || error instanceof VxmigError)) throw error;
    }
  }
  return null;
}
