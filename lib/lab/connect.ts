import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SshSettings, Topology } from '../model/topology.js';
import { machineDirectory, sshDirectory } from './lab-directory.js';
import { requireLabState } from './lab-state.js';
import { observeLabNames } from './list.js';

/**
 * How the controller reaches each host of the lab: over the management segment, with the lab's own key.
 * @throws VxmigError NOT_FOUND
 */
export async function labSshSettings(lab: string): Promise<Map<string, SshSettings>> {
  const state = await requireLabState(lab, observeLabNames);
  return new Map(
    state.hosts.map((host) => [
      host.name,
      {
        address: host.managementAddress,
        port: 22,
        user: 'root',
        identityFile: join(sshDirectory(lab), 'id_ed25519'),
        hostKey: host.hostKey,
      },
    ]),
  );
}

/**
 * The topology with its hosts where the lab has put them. @param lab as it was brought up; not always called as the
 * topology. @throws VxmigError NOT_FOUND
 */
export async function inLab(topology: Topology, lab: string): Promise<Topology> {
  const settings = await labSshSettings(lab);
  return { ...topology, hosts: topology.hosts.map((host) => ({ ...host, ssh: settings.get(host.name) ?? host.ssh })) };
}

/** Public keys of those who may log in to the lab's guests: its hosts, and whoever runs vxmig here. */
export async function labKeys({ name: lab, hosts }: Pick<Topology, 'name' | 'hosts'>): Promise<string[]> {
  const directories = [sshDirectory(lab), ...hosts.map((host) => join(machineDirectory(lab, host.name), 'ssh'))];
  const keys = directories.map((directory) => readFile(join(directory, 'id_ed25519.pub'), 'utf8'));
  return (await Promise.all(keys)).map((key) => key.trim());
}
