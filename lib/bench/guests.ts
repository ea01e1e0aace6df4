import { resumeDomain } from '../compute/libvirt/virsh.js';
import { readDomain } from '../compute/libvirt/virsh-list.js';
import type { Controller } from '../controller/controller.js';

/** The host on which the domain runs or is paused; null where on none, or on more than one. */
export async function whereIs(controller: Controller, domain: string): Promise<string | null> {
  const places = await Promise.all(
    [...controller.sessions.values()].map(async ({ name, shell }) => {
      const seen = await readDomain(shell, domain);
      return seen !== null && (seen.state === 'running' || seen.state === 'paused') ? [name] : [];
    }),
  );
  const [place, ...others] = places.flat();
  return place === undefined || others.length > 0 ? null : place;
}

/** The VM that has no turn stands still: it costs the others no processor time. */
export async function suspend(controller: Controller, host: string, domain: string): Promise<void> {
  const { shell } = controller.session(host);
  if ((await readDomain(shell, domain))?.state !== 'running') return;
  await shell.run(['virsh', '-q', '-c', 'qemu:///system', 'suspend', '--domain', domain]);
}

export async function wake(controller: Controller, host: string, domain: string): Promise<void> {
  const { shell } = controller.session(host);
  if ((await readDomain(shell, domain))?.state === 'paused') await resumeDomain(shell, domain);
}
