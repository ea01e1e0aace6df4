import { VxmigError } from '../model/errors.js';
import { type LabState, requireLabState } from './lab-state.js';
import { observeLabNames } from './list.js';
import { isLabProcess } from './processes.js';
import type { Inside } from './run-inside.js';

/**
 * A host of the lab, its router or a storage server that is alive.
 * @throws VxmigError NOT_FOUND for an unknown lab or machine, LAB for one that is down
 */
export async function findMachine(lab: string, name: string): Promise<Inside> {
  const state = await requireLabState(lab, observeLabNames);
  const machine = machinesOf(state).find((candidate) => candidate.name === name);
  if (machine === undefined) {
    throw new VxmigError('NOT_FOUND', `The lab "${lab}" has no host "${name}".`, {
      hint: `It has: ${machinesOf(state)
        .map((candidate) => candidate.name)
        .join(', ')}.`,
      where: lab,
    });
  }
  if (machine.pid === null || !(await isLabProcess(machine.pid, lab, name))) {
    throw new VxmigError('LAB', `${name} is down.`, {
      hint: '`vxmig lab up FILE` starts what is missing.',
      where: name,
    });
  }
  return { lab, machine: name, pid: machine.pid };
}

function machinesOf(state: LabState): LabState['router'][] {
  return [state.router, ...state.storageServers, ...state.hosts];
}
