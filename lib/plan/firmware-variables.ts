import type { DomainDefinition } from '../model/domain-definition.js';
import type { LocalOffer } from '../model/local-offer.js';
import { printable } from '../model/printable.js';
import { attribute, child } from '../model/xml-element.js';
import { type Move, unfit } from './move-obstacle.js';
import type { Aside } from './other-nics.js';

/** Where a domain keeps the variables of its UEFI firmware. */
export interface VariableStore {
  readonly type: string;
  /** null: libvirt is to choose it. */
  readonly path: string | null;
  /** Of what a new one is made; null: as the firmware's own description has it. */
  readonly template: string | null;
}

/** null: its firmware keeps none. */
export function variableStore(definition: DomainDefinition): VariableStore | null {
  const os = child(definition.root, 'os');
  const nvram = os === undefined ? undefined : child(os, 'nvram');
  if (nvram === undefined) return null;
  const path = attribute(child(nvram, 'source'), 'file') ?? nvram.textContent?.trim() ?? '';
  return {
    type: attribute(nvram, 'type') ?? 'file',
    path: path === '' ? null : path,
    template: attribute(nvram, 'template'),
  };
}

/** The path of the file that the firmware itself is; null: it needs none, or libvirt is to choose it. */
export function firmwareFile(definition: DomainDefinition): string | null {
  const os = child(definition.root, 'os');
  const loader = os === undefined ? undefined : child(os, 'loader');
  const path = loader?.textContent?.trim() ?? '';
  return path === '' ? null : path;
}

/**
 * QEMU has the variables in memory, sends them with the guest's own, and at the new host writes them all into the file
 * there (hw/block/pflash_cfi01.c, postload_update_cb), which libvirt makes before of the template. The file of the old
 * host stays, and is written over when the VM comes back.
 */
export function judgeVariables(move: Move, definition: DomainDefinition, { paths }: LocalOffer): Aside {
  const { vm, from, to, shellDomain } = move;
  const loader = firmwareFile(definition);
  if (loader !== null && !paths.includes(loader)) {
    const what = `the firmware of ${vm} is ${loader}, which is not on ${to}`;
    return { obstacles: [unfit(printable(what), installFirmware(from, to))], remarks: [] };
  }
  const store = variableStore(definition);
  if (store === null) return { obstacles: [], remarks: [] };
  const { type, path, template } = store;
  if (type !== 'file') {
    const what = `${vm} keeps the variables of its firmware on storage of the type ${type}, at which nobody looks`;
    const how = `Have them in a file: shut it down, \`virsh edit ${shellDomain}\` on ${from}, <nvram type='file'>.`;
    return { obstacles: [unfit(printable(what), how)], remarks: [] };
  }
  if (path !== null && paths.includes(path)) {
    const what = `${path} on ${to} becomes what ${vm} has of it on ${from}: the variables of its firmware`;
    return { obstacles: [], remarks: [printable(what)] };
  }
  if (template === null || paths.includes(template)) return { obstacles: [], remarks: [] };
  const what = `libvirt makes the file of ${vm}’s firmware variables of ${template}, which is not on ${to}`;
  return { obstacles: [unfit(printable(what), installFirmware(from, to))], remarks: [] };
}

function installFirmware(from: string, to: string): string {
  return `Install the firmware on ${to} that ${from} has (Debian’s and Ubuntu’s package is ovmf).`;
}
