import { readFileSync } from 'node:fs';
import type { HostShell } from '../../host/connection.js';
import { CommandError } from '../../model/errors.js';
import type { LocalRequest } from '../../model/local-offer.js';
import { procBytes } from '../../model/proc-figure.js';
import type { Offer } from '../../negotiate/offer.js';
import type { Request } from '../../negotiate/request.js';
import { machinesIn, virtualCpuIn } from './capabilities.js';
import { localOfferIn } from './local-offer.js';

const SCRIPT = readFileSync(new URL('../../../../lib/compute/libvirt/offer-sight.sh', import.meta.url), 'utf8');
const ICMP_HEADER_BYTES = 8;

export interface OfferQuestion {
  readonly request: Request;
  /** Its live definition, by which libvirt compares the CPU. */
  readonly definition: string;
  readonly end: 'source' | 'destination';
  /** The VTEP of the other end. */
  readonly far: string;
  /** The name by which its libvirt is reached from here; empty: an address. */
  readonly farName: string;
  /** Of the VM's NICs here. */
  readonly taps: readonly string[];
  /** What the definition names of a host, and is to be looked for here. */
  readonly local: LocalRequest;
  /** What the file says; null: what the host has. */
  readonly datapath: Offer['datapath'] | null;
}

/**
 * All that an end has for a VM, in one session; nothing is changed. @throws VxmigError SSH_CONNECT; CommandError where
 * libvirt there does not answer; VxmigError HOST_UNFIT where it is not told to its end
 */
export async function observeOffer(shell: HostShell, question: OfferQuestion): Promise<Offer> {
  const { request, definition, end, far, farName, taps, local } = question;
  const { emulator, arch, machine, acceleration, path, blockDrivers } = request;
  const header = (far.includes(':') ? 40 : 20) + ICMP_HEADER_BYTES;
  const way = [far, String(path.bytes), String(header), farName, blockDrivers.join(' ')];
  const named = [local.networks, local.paths].flatMap((names) => [String(names.length), ...names]);
  const words = [emulator, arch, machine, acceleration, end, ...way, ...named, ...taps];
  const argv = ['sh', '-c', SCRIPT, 'offer', ...words];
  const { stdout, stderr } = await shell.run(argv, { stdin: definition });
  const offer = parseOffer(shell.name, stdout, question);
  if (offer === null) throw new CommandError(shell.name, ['virsh', '-c', 'qemu:///system', 'capabilities'], 1, stderr);
  return offer;
}

/** null: libvirt has said nothing. @throws VxmigError HOST_UNFIT where it is not told to its end */
export function parseOffer(host: string, printed: string, { request, datapath, local }: OfferQuestion): Offer | null {
  // virsh ends none of its own lines after an `echo`.
  const parts = printed.split(/=== (\w+) ===/);
  const texts = (name: string) =>
    parts.flatMap((part, index) => (index % 2 === 1 && part === name ? [parts[index + 1]?.trim() ?? ''] : []));
  const text = (name: string) => texts(name)[0] ?? '';
  const capabilities = text('capabilities');
  if (!capabilities.includes('<capabilities')) return null;
  const compared = text('compare');
  const offloads = text('offloads').split('\n');
  const sizes = [...text('pages').matchAll(/^(\d+) (\d+) (\d+)$/gm)].map((found) => found.slice(1).map(Number));
  const { machines, kvm } = machinesIn(capabilities, request.arch);
  const way = text('way');
  const hugePage = /^Hugepagesize: *(\d+) kB$/m.exec(text('memory'))?.[1];
  return {
    ...localOfferIn(host, texts, local),
    host,
    hostUuid: /<uuid>([^<]*)<\/uuid>/.exec(capabilities)?.[1]?.toLowerCase() ?? '',
    hostName: text('hostname'),
    qemuVersion: /^Running hypervisor: QEMU *(\S+)$/m.exec(text('libvirt'))?.[1] ?? '',
    machines,
    kvm,
    emulator: request.emulator === '' || text('emulator') === 'yes',
    virtualCpu: virtualCpuIn(text('domcapabilities'), request.cpu.model),
    complaint: complaintIn(text('domcapabilities')),
    cpuVerdict: /incompatible|not compatible/i.test(compared) ? compared.replace(/^error: /gm, '') : null,
    cpu: processorIn(text('cpu')),
    datapath: datapath ?? (text('datapath') === 'kernel' ? 'system' : 'netdev'),
    way: way === 'full' || way === 'small' || way === 'silent' ? way : 'not asked',
    farAddresses: [
      ...new Set(
        text('far')
          .split('\n')
          .filter((line) => line !== ''),
      ),
    ],
    availableMemoryBytes: procBytes(text('memory'), 'MemAvailable') ?? 0,
    freeHugePages: new Map(
      sizes.map(([kib = 0, free = 0, promised = 0]) => [kib * 1024, Math.max(0, free - promised)]),
    ),
    hugePageBytes: hugePage === undefined || sizes.length === 0 ? null : Number(hugePage) * 1024,
    userfaultfd: mayUseUserfaultfd(text('userfaultfd')),
    tapOffloads: offloads.includes('asked') ? offloads.filter((name) => name !== 'asked') : null,
    lackingDrivers: text('drivers')
      .split('\n')
      .filter((name) => request.blockDrivers.includes(name)),
    usedOffloads: usedIn(text('used')),
  };
}

/** `error: failed to get …` comes first, and then why. */
function complaintIn(text: string): string {
  const errors = [...text.matchAll(/^error: (.*(?:\n(?!error: ).+)*)/gm)].map(([, said = '']) => said.trim());
  return errors.at(-1)?.replaceAll('\n', '; ') ?? '';
}

function processorIn(text: string): Offer['cpu'] {
  const field = (name: string) => new RegExp(`^${name}\\s*: *(.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
  const flags = field('flags') || field('Features');
  return {
    model: ['vendor_id', 'cpu family', 'model'].map(field).join(' ').trim(),
    flags: flags.split(' ').filter((flag) => flag !== ''),
  };
}

/** By the sysctl, by a device that everybody may open (Linux 6.1, QEMU 8.1), or because QEMU is root there. */
function mayUseUserfaultfd(text: string): boolean {
  return /^1$/m.test(text) || /^mode \d*[67]$/m.test(text) || /^user (?:root|\+?0)$/m.test(text);
}

function usedIn(text: string): Map<string, string[]> {
  const used = new Map<string, string[]>();
  for (const [, tap = '', name = ''] of text.matchAll(/^(\S+) (\w+)$/gm))
    used.set(tap, [...(used.get(tap) ?? []), name]);
  return used;
}
