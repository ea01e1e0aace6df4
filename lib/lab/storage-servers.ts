import { join } from 'node:path';
import { firstOf, formatIp, parseIp, parsePrefix, plus } from '../model/address.js';
import { VxmigError } from '../model/errors.js';
import type { Topology } from '../model/topology.js';
import { storageKindOf } from '../storage/registry.js';
import { volumesDirectory } from './lab-directory.js';
import type { StorageMount } from './storage-mounts.js';

/** A machine of the lab that has nothing but storage; one for each address that the file names. */
export interface StorageServer {
  /** Of the machine: `nfs-pool`, after its first storage. */
  readonly name: string;
  readonly address: string;
  /** What it exports: a directory of this machine, and how it is called there. */
  readonly exports: readonly StorageMount[];
}

/** In the order of the file; storages with one server share its machine. */
export function storageServers({ name: lab, storage }: Pick<Topology, 'name' | 'storage'>): StorageServer[] {
  const served = storage.filter(({ kind }) => storageKindOf(kind).isServedInLab);
  const addresses = [...new Set(served.map(({ server }) => server ?? ''))];
  return addresses.map((address) => {
    const own = served.filter(({ server }) => server === address);
    return {
      name: `${own[0]?.kind}-${own[0]?.name}`,
      address,
      exports: own.map(({ name, export: path }) => ({ source: join(volumesDirectory(lab), name), path: path ?? '' })),
    };
  });
}

/** The first address of each segment (network-plan.ts). */
function isRouters({ underlay }: Topology, address: string): boolean {
  const prefixes = underlay.flatMap(({ cidrs }) => cidrs.map(parsePrefix));
  return prefixes.some((prefix) => prefix !== null && formatIp(plus(firstOf(prefix), 1n)) === address);
}

/** @throws VxmigError TOPOLOGY_INVALID where a lab cannot build a server as the file has it */
export function checkStorageServers(topology: Topology): void {
  for (const { name, address, exports } of storageServers(topology)) {
    const refuse = (message: string, hint: string): never => {
      throw new VxmigError('TOPOLOGY_INVALID', message, { hint, where: 'storage' });
    };
    if (parseIp(address) === null) {
      refuse(
        `A lab builds the storage server itself, and ${address} is a name.`,
        'Write an address, for example `server: 198.18.9.10`.',
      );
    }
    const rival = topology.hosts.find((host) => host.name === name);
    if (rival !== undefined) {
      refuse(`A host of this lab can't be called "${name}".`, 'Its storage server has that name; rename the host.');
    }
    const taken = topology.hosts.find((host) => host.addresses.includes(address));
    if (taken !== undefined || isRouters(topology, address)) {
      refuse(
        `The storage server has the address of ${taken?.name ?? 'the router'}, ${address}.`,
        'In a lab it is a machine of its own: write an address that nobody has.',
      );
    }
    const paths = exports.map(({ path }) => path);
    const twice = paths.find((path, index) => paths.indexOf(path) !== index);
    if (twice !== undefined) {
      refuse(`Two storages are the same directory, ${twice} of ${address}.`, 'One of them is enough.');
    }
  }
}
