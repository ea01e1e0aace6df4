import { nextMigrationPort, portSilence } from '../host/migration-ports.js';
import type { Outlook } from '../migration/migration.js';
import { VxmigError } from '../model/errors.js';
import type { Host, Vm } from '../model/topology.js';
import type { Transport } from '../negotiate/configuration.js';
import { refusalError } from '../negotiate/refusal-error.js';
import { portRefusal } from '../negotiate/terms/migration-port.js';
import { vtepOf } from '../plan/topology-parts.js';
import type { Controller } from './controller.js';
import { lookAtMove } from './move-sight.js';
import { neededBytes, QEMU_MEMORY_BYTES } from './needed-memory.js';

export interface Journey {
  readonly vm: Vm;
  readonly from: Host;
  readonly to: Host;
}

/** Whether a VM can move as it stands, as both ends say. @throws as lookAtMove */
export async function outlookOf(controller: Controller, journey: Journey): Promise<Outlook | null> {
  const { vm, from, to } = journey;
  const { topology } = controller;
  const [source, destination] = [controller.session(from.name).shell, controller.session(to.name).shell];
  const [looked, transport] = await Promise.all([
    lookAtMove({ topology, vm, from, to, source, destination }),
    transportOf(controller, journey),
  ]);
  if (looked === null) return null;
  const { details, storage, request, offers, answer, remarks } = looked;
  const port = portRefusal(request, transport);
  const refusals = [...answer.refusals, ...(port === null ? [] : [port])];
  const guestBytes = details.definition.memoryBytes ?? vm.memoryBytes;
  return {
    request,
    offers,
    answer,
    storage,
    transport,
    obstacle: refusals.length === 0 ? null : refusalError(request, refusals),
    remarks,
    guestBytes,
    neededBytes: neededBytes(details.definition) ?? vm.memoryBytes + QEMU_MEMORY_BYTES,
  };
}

/** The port by itself, as the source reaches it now; null: it does. */
export async function portSilenceOf(controller: Controller, journey: Journey): Promise<VxmigError | null> {
  const { from, to } = journey;
  const refusal = portRefusal({ from: from.name, to: to.name }, await transportOf(controller, journey));
  return refusal === null ? null : new VxmigError(refusal.code, refusal.why, { where: to.name, hint: refusal.fix });
}

async function transportOf(controller: Controller, { from, to }: Journey): Promise<Transport> {
  const [source, destination] = [controller.session(from.name).shell, controller.session(to.name).shell];
  const { next, first, last } = await nextMigrationPort(destination);
  return { address: vtepOf(to), port: next, first, last, silence: await portSilence(source, vtepOf(to), next) };
}
