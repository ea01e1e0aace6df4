import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { Topology } from '../model/topology.js';

/** A path of this machine, as a topology file has it: from the home directory, or from the file's own. */
export function localPath(written: string, file: string): string {
  return resolve(dirname(file), written.replace(/^~(?=\/)/, homedir()));
}

/** The topology with whole paths of images that are sent from this machine. @param file the topology's */
export function withLocalImages(topology: Topology, file: string): Topology {
  return {
    ...topology,
    vms: topology.vms.map((vm) => {
      if (vm.source.kind !== 'image' || vm.source.image.kind !== 'upload') return vm;
      const path = localPath(vm.source.image.path, file);
      return { ...vm, source: { ...vm.source, image: { kind: 'upload', path } } };
    }),
  };
}
