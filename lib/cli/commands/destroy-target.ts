import { stat } from 'node:fs/promises';
import { bySshConfigOf } from '../../controller/ssh-places.js';
import { labSshSettings } from '../../lab/connect.js';
import { VxmigError } from '../../model/errors.js';
import type { Host, SshSettings, Topology } from '../../model/topology.js';
import { isTopologyName } from '../../model/topology-name.js';
import type { SshTarget } from '../command-line/arguments.js';
import { reachableTopology } from './topology-file.js';

/** The hosts as the command line names them, where the file is lost. */
export interface SaidHosts {
  readonly hosts: readonly SshTarget[];
  /** `SHA256:…` of each, in the same order; none: known_hosts decides. */
  readonly hostKeys: readonly string[];
  /** Shown to all of them; null: the agent's keys and the usual files. */
  readonly identityFile: string | null;
}

/**
 * The topology as far as it need be known to remove it: its name, and how its hosts are reached. Everything on them
 * that is to go carries its mark.
 * @throws VxmigError USAGE, NOT_FOUND, TOPOLOGY_INVALID
 */
export async function topologyToDestroy(fileOrName: string, said: SaidHosts): Promise<Topology> {
  const { hosts, hostKeys, identityFile } = said;
  if (hosts.length > 0) return await bySshConfigOf(saidTopology(fileOrName, said));
  if (hostKeys.length > 0 || identityFile !== null) {
    throw new VxmigError('USAGE', '--host-key and --identity are about a --host, and there is none');
  }
  const isFile = await stat(fileOrName).then(
    (found) => found.isFile(),
    () => false,
  );
  if (isFile) return await reachableTopology(fileOrName);
  const settings = await labSshSettings(fileOrName).catch((cause: unknown) => {
    throw new VxmigError('NOT_FOUND', `there is neither a file nor a lab called ${fileOrName}`, {
      where: fileOrName,
      cause,
      hint:
        'Name the topology file. Where it is lost: its name, and with --host each host; `vxmig lab ls` ' +
        'lists the labs.',
    });
  });
  return namedTopology(
    fileOrName,
    [...settings].map(([host, ssh]) => hostOf(host, ssh)),
  );
}

function saidTopology(name: string, { hosts, hostKeys, identityFile }: SaidHosts): Topology {
  if (!isTopologyName(name)) {
    throw new VxmigError('USAGE', `${name} is no name of a topology, and a file says itself which its hosts are`, {
      hint: 'Give the file without --host, or `name:` as it was in the file.',
    });
  }
  if (hostKeys.length > 0 && hostKeys.length !== hosts.length) {
    throw new VxmigError('USAGE', `${hosts.length} times --host, and ${hostKeys.length} times --host-key`, {
      hint: 'Give the key of each host, in the same order, or none: then known_hosts decides.',
    });
  }
  const settings = hosts.map((host, index) => ({ ...host, identityFile, hostKey: hostKeys[index] ?? null }));
  // One that is named twice would wait for its own lock.
  const byPlace = new Map(settings.map((ssh) => [placeOf(ssh), hostOf(placeOf(ssh), ssh)]));
  return namedTopology(name, [...byPlace.values()]);
}

function placeOf({ address, port }: SshTarget): string {
  if (port === 22) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function hostOf(name: string, ssh: SshSettings): Host {
  return { name, underlay: '', addresses: [ssh.address], ssh, datapath: null };
}

function namedTopology(name: string, hosts: readonly Host[]): Topology {
  return { name, lab: null, underlay: [], hosts, storage: [], networks: [], vms: [], probes: [] };
}
