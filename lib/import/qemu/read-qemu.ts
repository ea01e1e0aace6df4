import { type Guest, newGuest } from '../guest.js';
import type { Remarks } from '../remarks.js';
import { withBlanks } from './blanks.js';
import { completeBoot, readBoot } from './boot.js';
import { qemuCall } from './command-line.js';
import { readCpu } from './cpu.js';
import { readDevices } from './devices.js';
import { readMachine, readName, readUuid } from './machine.js';
import { QemuObjects } from './objects.js';
import { readOptions } from './options.js';
import { readMemory, readMemoryBacking, readNuma, readSmp } from './resources.js';
import { readStorage } from './storage.js';
import { readSystem } from './system.js';
import { tellUnsupported } from './unsupported.js';

/** @throws Mistake where it is no command line of QEMU's */
export function readQemu(text: string, remarks: Remarks): Guest {
  const { program, words, isExact } = qemuCall(text, remarks);
  const options = readOptions(isExact ? words : withBlanks(words, remarks), remarks);
  const guest = newGuest();
  const machine = readMachine(options, program, guest, remarks);
  readName(options, guest, remarks);
  readUuid(options, guest, remarks);
  readMemory(options, guest, remarks);
  readCpu(options, guest, readSmp(options, guest, remarks), remarks);
  const objects = QemuObjects.of(options, 'object', 'qom-type');
  const backends = [...(machine.memoryBackend === null ? [] : [machine.memoryBackend]), ...readNuma(options, remarks)];
  readMemoryBacking(objects, backends, guest, remarks);
  const storage = readStorage(options, machine, remarks);
  readBoot(options, guest, storage.firmware, remarks);
  readSystem(options, guest, remarks);
  readDevices(options, guest, { machine, storage, objects }, remarks);
  completeBoot(guest);
  objects.tellRest(
    remarks,
    'nothing that libvirt has needs it, or it is QEMU’s own',
    'Nothing to do, if the guest starts.',
  );
  tellUnsupported(options, remarks);
  return guest;
}
