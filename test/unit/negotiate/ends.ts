import type { Outlook } from '../../../lib/migration/migration.js';
import { WITHOUT_DISKS } from '../../../lib/model/disk.js';
import type { Proposal } from '../../../lib/negotiate/configuration.js';
import { answerRequest } from '../../../lib/negotiate/exchange.js';
import type { CpuModel, Offer } from '../../../lib/negotiate/offer.js';
import type { Request } from '../../../lib/negotiate/request.js';

export const GIB = 2 ** 30;

/** A VM that asks for what every host of these tests has. */
export function request(change: Partial<Request> = {}): Request {
  return {
    vm: 'shop',
    shellDomain: "'my shop'",
    from: 'node-a',
    to: 'node-b',
    emulator: '/usr/bin/qemu-system-x86_64',
    arch: 'x86_64',
    machine: 'pc-i440fx-9.2',
    acceleration: 'kvm',
    cpu: { mode: 'custom', model: 'Skylake-Client', required: ['vmx'], disabled: [] },
    cpuFix: 'Give shop a CPU: `vxmig plan FILE`',
    hugePages: [],
    path: { network: 'blue', bytes: 1500 },
    offloadingNics: [],
    offloadFix: '`virsh edit`',
    blockDrivers: [],
    ...change,
  };
}

export function cpuModel(change: Partial<CpuModel> = {}): CpuModel {
  return {
    name: 'Skylake-Client',
    vendor: 'Intel',
    required: ['vmx', 'avx512f'],
    disabled: [],
    xml: '<cpu/>',
    ...change,
  };
}

function offer(host: string, change: Partial<Offer> = {}): Offer {
  return {
    host,
    hostUuid: `uuid-of-${host}`,
    hostName: host,
    qemuVersion: '10.0.2',
    machines: ['pc-i440fx-9.2', 'pc-i440fx-7.2', 'pc-q35-9.2', 'pc'],
    kvm: true,
    emulator: true,
    virtualCpu: { hostModel: cpuModel(), blockers: [] },
    complaint: '',
    cpuVerdict: null,
    cpu: { model: 'GenuineIntel 6 143', flags: ['sse4_2', 'avx2'] },
    datapath: 'system',
    way: 'full',
    farAddresses: [],
    availableMemoryBytes: 8 * GIB,
    freeHugePages: new Map(),
    hugePageBytes: null,
    userfaultfd: true,
    tapOffloads: ['csum', 'tso', 'uso'],
    lackingDrivers: [],
    usedOffloads: new Map(),
    devices: ['lo'],
    networks: new Map(),
    paths: [],
    ...change,
  };
}

export function offers(source: Partial<Offer> = {}, destination: Partial<Offer> = {}) {
  return { source: offer('node-a', source), destination: offer('node-b', destination) };
}

export function proposal(change: Partial<Proposal> = {}): Proposal {
  return {
    vm: 'shop',
    from: 'node-a',
    to: 'node-b',
    strategy: 'pre-copy',
    needs: [],
    memory: { neededBytes: GIB, guestBytes: GIB / 2, promisedBytes: 0 },
    transport: { address: '198.18.2.10', port: 49152, first: 49152, last: 49215, silence: null },
    disks: [],
    clock: { aheadMs: 3, errorMs: 1 },
    ...change,
  };
}

/** Of a VM without disks between two ends that have all that it asks for. */
export function outlook(change: Partial<Outlook> = {}): Outlook {
  const asked = request({ vm: 'web', shellDomain: 'web', from: 'host-a', to: 'host-b' });
  const both = { source: offer('host-a'), destination: offer('host-b') };
  return {
    request: asked,
    offers: both,
    answer: answerRequest(asked, both, []),
    storage: WITHOUT_DISKS,
    transport: null,
    obstacle: null,
    remarks: [],
    neededBytes: 1,
    guestBytes: 1,
    ...change,
  };
}
