import type { Outlook } from '../migration/context.js';
import type { DomainDefinition } from '../model/domain-definition.js';
import { attribute, child } from '../model/domain-definition.js';
import type { Vm } from '../model/topology.js';
import { domainOf } from '../plan/desired.js';
import { obstacleError } from '../plan/move-obstacle.js';
import type { Controller } from './controller.js';
import { lookAtMove } from './move-sight.js';

/** QEMU's own memory, beside the guest's. */
export const QEMU_MEMORY_BYTES = 64 * 2 ** 20;

export interface Journey {
  readonly vm: Vm;
  readonly from: string;
  readonly to: string;
}

/** Whether a VM can move as it stands. @throws as lookAtMove */
export async function outlookOf(controller: Controller, { vm, from, to }: Journey): Promise<Outlook | null> {
  const [source, destination] = [from, to].map((host) => controller.session(host).shell);
  if (source === undefined || destination === undefined) throw new Error(`no session for ${from} or ${to}`);
  const looked = await lookAtMove({ vm: vm.name, domain: domainOf(vm), source, destination });
  if (looked === null) return null;
  const { move, verdict, details } = looked;
  const guestBytes = details.definition.memoryBytes ?? vm.memoryBytes;
  return {
    storage: verdict.storage,
    obstacle: verdict.storage === null ? obstacleError(move, verdict.obstacles) : null,
    guestBytes,
    neededBytes: neededBytes(details.definition) ?? vm.memoryBytes + QEMU_MEMORY_BYTES,
    cpuXml: details.definition.toString(),
  };
}

/** What a host must have free for the domain; null where its definition does not say. */
export function neededBytes(definition: DomainDefinition): number | null {
  const guest = definition.memoryBytes;
  if (guest === null) return null;
  // libvirt prints it in KiB.
  const video = definition.devices('video').map((element) => {
    const model = child(element, 'model');
    return ['ram', 'vram'].reduce((sum, name) => sum + Number(attribute(model, name) ?? 0), 0) * 1024;
  });
  return guest + QEMU_MEMORY_BYTES + video.reduce((sum, bytes) => sum + bytes, 0);
}
