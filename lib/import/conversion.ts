import { domainText } from './domain.js';
import type { Guest, GuestNic } from './guest.js';
import { Mistake } from './mistake.js';
import { domainName, vmName } from './names.js';
import { stableMac } from './nic-tags.js';
import type { Remark, Remarks } from './remarks.js';
import type { SourceKind } from './source-kind.js';
import { asName, type VmEntry } from './vm-entry.js';

export interface ImportOptions {
  /** The topology's host that the VM shall be on. */
  readonly host: string;
  /** The topology's network that its NICs are in; null: named after what each was connected to. */
  readonly network: string | null;
}

export interface Conversion {
  readonly source: SourceKind;
  readonly vm: VmEntry;
  /** `<domain …>…</domain>` */
  readonly domain: string;
  readonly changed: readonly Remark[];
  readonly notCarried: readonly Remark[];
}

const MIB = 2 ** 20;
const MOST_MIB = 999_999_999;
/** What a topology can say (its schema): of a VM that has more, its domain says it alone. */
const MOST_VCPUS = 64;
const MOST_NICS = 8;

export function convert(work: {
  readonly kind: SourceKind;
  readonly guest: Guest;
  readonly remarks: Remarks;
  readonly file: string;
  readonly options: ImportOptions;
}): Conversion {
  const { kind, guest, remarks, file, options } = work;
  const domain = domainName(guest, file, remarks);
  const name = vmName(domain, options.host, remarks);
  roundMemory(guest, remarks);
  if (guest.nics.length === 0) addNic(guest, remarks);
  const macs = macsOf(guest.nics, domain, remarks);
  const nics = guest.nics.map((nic, index) => ({
    network: options.network ?? networkOf(nic),
    mac: macs[index] ?? '',
  }));
  for (const nic of guest.nics.slice(MOST_NICS))
    remarks.lost(
      nic.origin,
      `a topology's VM has ${MOST_NICS} NICs at most`,
      'The definition has it; vxmig leaves it alone.',
    );
  if (guest.vcpus > MOST_VCPUS)
    remarks.changed(
      { text: `${guest.vcpus} vCPUs`, place: null },
      `a topology says ${MOST_VCPUS} at most; \`vcpus\` is left out, and the definition holds`,
      'Nothing to do.',
    );
  const vm: VmEntry = {
    name,
    host: options.host,
    domain,
    memory: memoryText(guest.memoryBytes),
    vcpus: guest.vcpus > MOST_VCPUS ? null : guest.vcpus,
    nics: nics.slice(0, MOST_NICS),
  };
  return {
    source: kind,
    vm,
    domain: domainText(guest, domain, macs),
    changed: remarks.carriedOtherwise,
    notCarried: remarks.notCarried,
  };
}

/** A topology counts in MiB. */
function roundMemory(guest: Guest, remarks: Remarks): void {
  const mib = Math.ceil(guest.memoryBytes / MIB);
  if (mib < 1 || mib > MOST_MIB)
    throw new Mistake({ line: 1, column: 1 }, `its memory is ${guest.memoryBytes} bytes`, 'give it 1 MiB at least');
  if (mib * MIB !== guest.memoryBytes)
    remarks.changed(
      { text: `${guest.memoryBytes} bytes of memory`, place: null },
      `memory is counted in MiB: it has ${mib} MiB`,
      'Nothing to do.',
    );
  guest.memoryBytes = mib * MIB;
}

function memoryText(bytes: number): string {
  const mib = bytes / MIB;
  return mib % 1024 === 0 ? `${mib / 1024}GiB` : `${mib}MiB`;
}

function addNic(guest: Guest, remarks: Remarks): void {
  const origin = { text: 'no NIC', place: null };
  remarks.changed(
    origin,
    "a topology's VM has one at least: it has got a virtio NIC",
    'Without a network it needs no vxmig.',
  );
  const connection = { kind: 'tap', device: null } as const;
  guest.nics.push({ mac: null, model: 'virtio', connection, queues: null, bootIndex: null, more: [], origin });
}

function macsOf(nics: readonly GuestNic[], domain: string, remarks: Remarks): string[] {
  const taken = new Set<string>();
  return nics.map(({ mac, origin }, index) => {
    const own = mac?.toLowerCase().replaceAll('-', ':') ?? null;
    if (own !== null && isUnicast(own) && !taken.has(own)) {
      taken.add(own);
      return own;
    }
    const made = stableMac(domain, index);
    taken.add(made);
    const why =
      own === null ? 'it has no MAC' : isUnicast(own) ? `another NIC has ${own}, too` : `${own} is no MAC of a NIC`;
    const text = origin.text === '' ? `NIC ${index + 1}` : origin.text;
    remarks.changed(
      { text, place: origin.place },
      `${why}: it has got ${made}, the same in each import`,
      'Where the guest knows its NIC by another MAC (udev, netplan, DHCP), write that one into both parts.',
    );
    return made;
  });
}

/** The lowest bit of the first byte marks groups (IEEE 802). */
function isUnicast(mac: string): boolean {
  return /^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/.test(mac) && mac !== '00:00:00:00:00:00';
}

/** A placeholder, where nobody says better. */
function networkOf({ connection }: GuestNic): string {
  return connection.kind === 'bridge' ? asName(connection.bridge, 'network') : 'network';
}
