import { basename } from 'node:path';
import type { Guest } from './guest.js';
import type { Remarks } from './remarks.js';
import { asName } from './vm-entry.js';

const MOST_BYTES = 255;

/** As libvirt takes it and a topology can name it; a VM without a name is called after its file. */
export function domainName(guest: Guest, file: string, remarks: Remarks): string {
  const name = usable(guest.name ?? basename(file).replace(/\.[a-z0-9]+$/i, ''));
  if (guest.name === null)
    remarks.changed({ text: 'its name', place: null }, `it has none: it is called ${name}`, 'Rename it in both parts.');
  else if (name !== guest.name)
    remarks.changed(
      { text: guest.name, place: null },
      `it is none that libvirt, virsh and a topology all take: it is called ${name}`,
      'Nothing to do, or rename it in both parts.',
    );
  return name;
}

function usable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what no name has
  const plain = text.replace(/[/\u0000-\u001f\u007f]/g, '-').trim();
  const name = Buffer.from(plain)
    .subarray(0, MOST_BYTES)
    .toString()
    .replace(/\ufffd$/, '')
    .trim();
  if (/^\.{0,2}$/.test(name)) return 'vm';
  // virsh takes a number for the one that it has given to a running domain.
  return /^\+?\d+$/.test(name) ? `vm-${name.replace('+', '').slice(0, MOST_BYTES - 'vm-'.length)}` : name;
}

/** The name in the topology, where no VM may be called like a host. */
export function vmName(domain: string, host: string, remarks: Remarks): string {
  const name = asName(domain, 'vm');
  if (name !== host) return name;
  const other = asName(`vm-${name}`, 'vm');
  remarks.changed(
    { text: name, place: null },
    `its host has that name in the topology: the VM is called ${other} there`,
    'Nothing to do.',
  );
  return other;
}
