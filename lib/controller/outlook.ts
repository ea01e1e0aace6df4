import { compareCpu } from '../compute/libvirt/virsh-migrate.js';
import { nextMigrationPort, portSilence } from '../host/migration-ports.js';
import type { Outlook } from '../migration/migration.js';
import { VxmigError } from '../model/errors.js';
import type { Host, Vm } from '../model/topology.js';
import { domainOf, macsOf } from '../plan/desired-vms.js';
import { type Obstacle, obstacleError, portObstacle } from '../plan/move-obstacle.js';
import { vtepOf } from '../plan/topology-parts.js';
import type { Controller } from './controller.js';
import { lookAtMove } from './move-sight.js';
import { neededBytes, QEMU_MEMORY_BYTES } from './needed-memory.js';

export interface Journey {
  readonly vm: Vm;
  readonly from: Host;
  readonly to: Host;
}

/** Whether a VM can move as it stands. @throws as lookAtMove */
export async function outlookOf(controller: Controller, journey: Journey): Promise<Outlook | null> {
  const { vm, from, to } = journey;
  const [source, destination] = [controller.session(from.name).shell, controller.session(to.name).shell];
  const [looked, port] = await Promise.all([
    lookAtMove({ vm: vm.name, domain: domainOf(vm), macs: macsOf(vm), source, destination }),
    closedPort(controller, journey),
  ]);
  if (looked === null) return null;
  const { move, verdict, details } = looked;
  const obstacles = [...verdict.obstacles, ...(port === null ? [] : [port])];
  const guestBytes = details.definition.memoryBytes ?? vm.memoryBytes;
  return {
    storage: obstacles.length === 0 ? verdict.storage : null,
    obstacle: obstacles.length === 0 ? null : obstacleError(move, obstacles),
    remarks: verdict.remarks,
    guestBytes,
    neededBytes: neededBytes(details.definition) ?? vm.memoryBytes + QEMU_MEMORY_BYTES,
    cpuProblem: () => compareCpu(destination, details.definition.toString()),
  };
}

/** As outlookOf has it, by itself. */
export async function portSilenceOf(controller: Controller, journey: Journey): Promise<VxmigError | null> {
  const port = await closedPort(controller, journey);
  return port === null ? null : new VxmigError(port.code, port.why, { where: journey.to.name, hint: port.fix });
}

async function closedPort(controller: Controller, { from, to }: Journey): Promise<Obstacle | null> {
  const [source, destination] = [controller.session(from.name).shell, controller.session(to.name).shell];
  const { next, first, last } = await nextMigrationPort(destination);
  const silence = await portSilence(source, vtepOf(to), next);
  return silence === null ? null : portObstacle({ from: from.name, to: to.name }, { next, first, last, silence });
}
