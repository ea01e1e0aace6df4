import type { DomainDefinition } from '../model/domain-definition.js';
import { hugeMemory } from '../model/huge-memory.js';
import { attribute, child } from '../model/xml-element.js';

/** QEMU's own memory, beside the guest's. */
export const QEMU_MEMORY_BYTES = 64 * 2 ** 20;

/**
 * What a host must have free for the domain; null where its definition does not say. Huge pages are not of that: a host
 * has set them aside.
 */
export function neededBytes(definition: DomainDefinition): number | null {
  const guest = definition.memoryBytes;
  if (guest === null) return null;
  // libvirt prints it in KiB.
  const video = definition.devices('video').map((element) => {
    const model = child(element, 'model');
    return ['ram', 'vram'].reduce((sum, name) => sum + Number(attribute(model, name) ?? 0), 0) * 1024;
  });
  const huge = hugeMemory(definition).reduce((sum, { bytes }) => sum + bytes, 0);
  return Math.max(0, guest - huge) + QEMU_MEMORY_BYTES + video.reduce((sum, bytes) => sum + bytes, 0);
}
