import { cpuText } from '../../model/defined-cpu.js';
import type { CpuModel, Offers } from '../offer.js';
import type { Request } from '../request.js';
import type { Found, Term } from '../term.js';
import { compareVersions } from '../version.js';

const MOST_NAMED = 8;

export const CPU: Term = {
  feature: 'CPU',
  rule:
    "The destination can give each feature of the CPU that the VM was started with: a named model by libvirt's own " +
    'comparison; host-model too, which libvirt has spelt out when it started the VM; host-passthrough and maximum, ' +
    'which stand for whatever the host has, by the processors themselves, or under TCG by the version of QEMU.',
  judge: (request, offers) => {
    const { mode } = request.cpu;
    if (mode !== 'host-passthrough' && mode !== 'maximum') return namedModel(request, offers);
    return request.acceleration === 'kvm' ? hostsOwn(request, offers) : emulated(request, offers);
  },
};

/** Of libvirt's own comparison; what it leaves unsaid is found in what both ends list. */
function namedModel(request: Request, { source, destination }: Offers): Found[] {
  if (destination.cpuVerdict === null) return [];
  const { cpu, vm, to } = request;
  const missing = missingFeatures(request, { source, destination });
  const lacks = missing.length === 0 ? '' : `, which lacks ${listText(missing)}`;
  const model = destination.virtualCpu?.hostModel?.name ?? '';
  return [
    {
      host: to,
      wanted: cpuText(cpu),
      has: [model, ...missing.map((name) => `-${name}`)].join(' ').trim() || 'another one',
      why:
        `${vm} has the CPU ${cpu.model || cpu.mode}, and ${to} cannot give it${lacks}` +
        `${missing.length === 0 ? ` (${destination.cpuVerdict})` : ''}`,
      fix: request.cpuFix,
    },
  ];
}

function missingFeatures({ cpu }: Request, { source, destination }: Offers): string[] {
  const there = destination.virtualCpu;
  if (there === null) return [];
  const [here, far] = [source.virtualCpu?.hostModel ?? null, there.hostModel];
  const required = far === null ? [] : cpu.required.filter((name) => lostBetween(here, far).includes(name));
  const disabled = far?.name === cpu.model ? far.disabled.filter((name) => !here?.disabled.includes(name)) : [];
  return [...new Set([...there.blockers, ...required, ...disabled])].filter((name) => !cpu.disabled.includes(name));
}

/** Features that one host's CPU has, as far as its names say, and another one's has not. */
export function lostBetween(one: CpuModel | null, other: CpuModel): string[] {
  if (one === null) return [];
  const lost = one.required.filter((name) => !other.required.includes(name));
  const disabled = other.disabled.filter((name) => !one.disabled.includes(name));
  return [...new Set([...lost, ...disabled])];
}

/** The guest sees the host's own CPU, which libvirt compares with nothing. */
function hostsOwn(request: Request, { source, destination }: Offers): Found[] {
  const { vm, from, to, cpu } = request;
  const missing = source.cpu.flags.filter((flag) => !destination.cpu.flags.includes(flag));
  if (missing.length === 0 && source.cpu.model === destination.cpu.model) return [];
  const why =
    missing.length > 0
      ? `${vm} has the CPU of ${from} itself (${cpu.mode}), and that of ${to} lacks ${listText(missing)}`
      : `${vm} has the CPU of ${from} itself (${cpu.mode}: ${source.cpu.model}), and ${to} has ` +
        `another one (${destination.cpu.model})`;
  return [
    {
      host: to,
      wanted: `${cpu.mode}: ${source.cpu.model}`,
      has: [destination.cpu.model, ...missing.slice(0, MOST_NAMED).map((flag) => `-${flag}`)].join(' '),
      why,
      fix: request.cpuFix,
    },
  ];
}

/** All that QEMU itself can emulate, which is more with each version. */
function emulated(request: Request, { source, destination }: Offers): Found[] {
  const { vm, from, to, cpu } = request;
  const lost = destination.virtualCpu?.hostModel
    ? lostBetween(source.virtualCpu?.hostModel ?? null, destination.virtualCpu.hostModel)
    : [];
  const isSame = compareVersions(source.qemuVersion, destination.qemuVersion) === 0;
  if (isSame && lost.length === 0) return [];
  const lacks = lost.length === 0 ? '' : `, and lacks ${listText(lost)}`;
  return [
    {
      host: to,
      wanted: `${cpu.mode}, as QEMU ${source.qemuVersion} emulates it`,
      has: [`QEMU ${destination.qemuVersion}`, ...lost.map((name) => `-${name}`)].join(' '),
      why:
        `${vm} has all that QEMU ${source.qemuVersion} on ${from} can emulate (${cpu.mode}), and ${to} has QEMU ` +
        `${destination.qemuVersion}${lacks}`,
      fix: request.cpuFix,
    },
  ];
}

function listText(names: readonly string[]): string {
  return `${names.slice(0, MOST_NAMED).join(', ')}${names.length > MOST_NAMED ? ', …' : ''}`;
}
