import { observeBases } from '../host/base-sight.js';
import type { HostShell } from '../host/connection.js';
import type { BaseSight } from '../model/base-image.js';
import type { Topology } from '../model/topology.js';
import {
  type Bases,
  DEBIAN_IMAGE,
  type FoundBase,
  type LocalImage,
  uploadPath,
  type WantedBase,
  wantedBases,
} from '../plan/base-plan.js';
import type { ObservedHost } from '../plan/observed.js';
import { observeLocalImage } from './local-image.js';

/**
 * Looks for the images that disks are to begin with: on the hosts, and on this machine what can be sent there. Only
 * where a disk has to be made, for to read an image takes its time. Changes nothing.
 */
export async function lookForBases(
  topology: Topology,
  observed: readonly ObservedHost[],
  shellOf: (host: string) => HostShell,
): Promise<Bases> {
  const found = wantedBases(topology, observed).map(
    async (wanted) => [wanted.vm.name, await lookFor(wanted, shellOf(wanted.vm.host))] as const,
  );
  return new Map(await Promise.all(found));
}

async function lookFor({ vm, image }: WantedBase, shell: HostShell): Promise<FoundBase> {
  const at = async (path: string, here: LocalImage | null) => ({
    host: vm.host,
    path,
    sight: await observeBase(shell, path),
    here,
  });
  if (image.kind === 'file') return await at(image.path, null);
  if (image.kind === 'upload') return await sent(await observeLocalImage(image.path));
  const there = await at(DEBIAN_IMAGE, null);
  if (there.sight.kind !== 'absent') return there;
  const here = await observeLocalImage(DEBIAN_IMAGE);
  return here.sight.kind === 'absent' ? there : await sent(here);

  async function sent(local: LocalImage): Promise<FoundBase> {
    const { sight, digest, path } = local;
    if (sight.kind === 'there') return await at(uploadPath(digest, sight.format), local);
    return { host: vm.host, path, sight: { kind: 'absent' }, here: local };
  }
}

async function observeBase(shell: HostShell, path: string): Promise<BaseSight> {
  const [sight = { kind: 'absent' as const }] = await observeBases(shell, [path]);
  return sight;
}
