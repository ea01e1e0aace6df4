import { domainsOf } from '../compute/libvirt/domains.js';
import type { HostShell } from '../host/connection.js';
import type { Check } from '../model/check.js';
import { DomainDefinition } from '../model/domain-definition.js';
import { isAlive } from '../model/domain-state.js';
import { messageOf } from '../model/errors.js';
import type { Topology, Vm } from '../model/topology.js';
import { refusalText } from '../negotiate/exchange.js';
import { absenceOf } from '../plan/absent-domain.js';
import { domainOf } from '../plan/desired-vms.js';
import { SIZE_FIX, sizeRemark } from '../plan/domain-size.js';
import { lookAtMove } from './move-sight.js';
import { neededBytes, QEMU_MEMORY_BYTES } from './needed-memory.js';

/** A domain of the file's as one host has it. */
export interface PlacedVm {
  readonly vm: Vm;
  readonly host: string;
  readonly state: string;
  /** The persistent definition. */
  readonly xml: string;
}

/** Every domain that the file has VMs for, wherever it is. A libvirtd that does not answer has a check of its own. */
export async function placedVms(
  topology: Topology,
  shells: ReadonlyMap<string, HostShell>,
): Promise<readonly PlacedVm[]> {
  const perHost = [...shells].map(async ([host, shell]) => {
    const domains = await domainsOf(shell).catch(() => []);
    return topology.vms.flatMap((vm) =>
      domains.filter(({ name }) => name === domainOf(vm)).map(({ state, xml }) => ({ vm, host, state, xml })),
    );
  });
  return (await Promise.all(perHost)).flat();
}

/** What a VM would take of a host's memory; 0: it has it already. */
export function neededThere(placed: readonly PlacedVm[], vm: Vm, host: string): number {
  const places = placed.filter((one) => one.vm === vm);
  if (places.some((one) => one.host === host && isAlive(one.state))) return 0;
  const [place] = [...places].sort((a, b) => Number(isAlive(b.state)) - Number(isAlive(a.state)));
  const ofDomain =
    vm.source.kind === 'domain' && place !== undefined ? neededBytes(DomainDefinition.parse(place.xml)) : null;
  return ofDomain ?? vm.memoryBytes + QEMU_MEMORY_BYTES;
}

/** Of the VMs that the file calls domains: whether they are there, have what the file says, and can move. */
export async function domainChecks(
  topology: Topology,
  shells: ReadonlyMap<string, HostShell>,
  placed: readonly PlacedVm[],
): Promise<Check[]> {
  // As the file has them, whichever was reached first.
  const ordered = new Map(
    topology.hosts.flatMap(({ name }): [string, HostShell][] => {
      const shell = shells.get(name);
      return shell === undefined ? [] : [[name, shell]];
    }),
  );
  const checks = topology.vms.map(async (vm) => {
    if (vm.source.kind !== 'domain') return [];
    const places = placed.filter((one) => one.vm === vm);
    const there = presence(vm, places, [...ordered.keys()]);
    const place = places.find(({ state }) => isAlive(state)) ?? places.find(({ host }) => host === vm.host);
    return place === undefined ? [there] : [there, ...size(place), ...(await journeys(topology, ordered, place))];
  });
  return (await Promise.all(checks)).flat();
}

function presence(vm: Vm, places: readonly PlacedVm[], hosts: readonly string[]): Check {
  const absence = absenceOf(vm, places, hosts);
  return {
    name: `domain of ${vm.name}`,
    ok: absence === null,
    expected: `libvirt on ${vm.host} knows ${domainOf(vm)}`,
    seen: absence?.message ?? places.map(({ host, state }) => `${state} on ${host}`).join(', '),
    hint: absence?.hint ?? '',
  };
}

function size({ vm, xml }: PlacedVm): Check[] {
  const remark = sizeRemark(vm, xml);
  if (remark === null) return [];
  return [
    {
      name: `memory and CPUs of ${vm.name}`,
      ok: true,
      expected: 'nothing beside `domain:` but what the domain has',
      seen: remark,
      hint: SIZE_FIX,
    },
  ];
}

/**
 * To each host that the VM could move to. That it can go nowhere, or not to where the file wants it, is a failure; else
 * it is advice.
 */
async function journeys(
  topology: Topology,
  shells: ReadonlyMap<string, HostShell>,
  { vm, host }: PlacedVm,
): Promise<Check[]> {
  const source = shells.get(host);
  const from = topology.hosts.find(({ name }) => name === host);
  const others = topology.hosts.flatMap((to) => {
    const destination = shells.get(to.name);
    return to.name === host || destination === undefined ? [] : [{ to, destination }];
  });
  if (source === undefined || from === undefined || others.length === 0) return [];
  const looks = others.map(async ({ to, destination }) => {
    try {
      const looked = await lookAtMove({ topology, vm, from, to, source, destination });
      return {
        to: to.name,
        obstacles: (looked?.answer.refusals ?? []).map((one) => ({ why: refusalText(one), fix: one.fix })),
      };
    } catch (error) {
      return { to: to.name, obstacles: [{ why: messageOf(error), fix: 'fix what the checks of these hosts say' }] };
    }
  });
  const seen = await Promise.all(looks);
  const open = seen.filter(({ obstacles }) => obstacles.length === 0).map(({ to }) => to);
  const closed = seen.filter(({ obstacles }) => obstacles.length > 0);
  const wanted = vm.host === host || open.includes(vm.host) || !shells.has(vm.host);
  const texts = closed.map(({ to, obstacles }) => `not to ${to}: ${obstacles.map(({ why }) => why).join('; ')}`);
  return [
    {
      name: `moves of ${vm.name}`,
      ok: open.length > 0 && wanted,
      expected: `its disks and devices let it move from ${host}`,
      seen: [...(open.length > 0 ? [`it can move to ${open.join(', ')}`] : []), ...texts].join('; '),
      hint: [...new Set(closed.flatMap(({ obstacles }) => obstacles.map(({ fix }) => fix)))].join(' '),
    },
  ];
}
