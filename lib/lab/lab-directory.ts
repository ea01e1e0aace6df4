import { basename, join } from 'node:path';
import { VxmigError } from '../model/errors.js';
import { isTopologyName } from '../model/topology-name.js';

const LABS = '/run/vxmig/labs';
/** Disks of guests: not in memory, as /run is. */
const VOLUMES = '/var/lib/vxmig/labs';

/** Everything that a lab keeps on disk is under one directory, so that removing it removes all. */
export function labsDirectory(): string {
  return LABS;
}

/** @throws VxmigError NOT_FOUND for what can't be a lab's name: a name with `..` must never reach what removes files */
export function labDirectory(lab: string): string {
  if (!isTopologyName(lab)) {
    throw new VxmigError('NOT_FOUND', `"${lab}" can't be the name of a lab.`, {
      hint: '`vxmig lab ls` lists the labs.',
    });
  }
  return join(LABS, lab);
}

/** Where the images of the lab's guests lie; it goes with the lab. */
export function volumesDirectory(lab: string): string {
  return join(VOLUMES, basename(labDirectory(lab)));
}

export function stateFile(lab: string): string {
  return join(labDirectory(lab), 'state.json');
}

/** The controller's key pair, known_hosts and a configuration for `ssh -F`. */
export function sshDirectory(lab: string): string {
  return join(labDirectory(lab), 'ssh');
}

export function machineDirectory(lab: string, machine: string): string {
  return join(labDirectory(lab), 'hosts', machine);
}

/** What the host sees as /var/log: the daemons' logs and the guests' serial consoles. */
export function logDirectory(lab: string, machine: string): string {
  return join(machineDirectory(lab, machine), 'log');
}
