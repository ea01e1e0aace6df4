import { observeOffer } from '../compute/libvirt/offer-sight.js';
import type { HostShell } from '../host/connection.js';
import { parseIp } from '../model/address.js';
import type { DiskPart } from '../model/disk.js';
import type { DomainDefinition } from '../model/domain-definition.js';
import { tapName } from '../model/names.js';
import type { Host, Topology, Vm } from '../model/topology.js';
import type { Offers } from '../negotiate/offer.js';
import { pathOf, type Request, requestOf } from '../negotiate/request.js';
import { cpuFix } from '../plan/baseline-cpus.js';
import { domainOf, macsOf } from '../plan/desired-vms.js';
import { diskParts } from '../plan/disk-parts.js';
import { localRequest } from '../plan/local-request.js';
import type { Move } from '../plan/move-obstacle.js';
import { offloadFix, offloadingNics } from '../plan/nic-offload.js';
import { vtepOf } from '../plan/topology-parts.js';
import { sshOf } from './host-address.js';

/** A VM on its way from one host to another, with the shells of both. */
export interface MoveRequest {
  readonly topology: Topology;
  readonly vm: Vm;
  readonly from: Host;
  readonly to: Host;
  readonly source: HostShell;
  readonly destination: HostShell;
}

/** What the VM needs of whoever is to run it. */
export function requestFor({ topology, vm, from, to }: MoveRequest, move: Move, definition: DomainDefinition): Request {
  const offloading = offloadingNics(vm, definition.toString());
  return requestOf(move, definition, {
    cpuFix: cpuFix(vm, from.name),
    path: pathOf(vm, topology.networks, parseIp(vtepOf(to))?.family ?? 4),
    offloadingNics: offloading.map(({ mac }) => mac),
    offloadFix: offloadFix(domainOf(vm), from.name, offloading),
    blockDrivers: blockDrivers(diskParts(definition)),
  });
}

function blockDrivers(parts: readonly DiskPart[]): string[] {
  const protocols = parts.flatMap(({ place }) => (place.kind === 'server' ? [place.protocol] : []));
  return [...new Set(protocols)].filter((protocol) => /^[a-z]+$/.test(protocol));
}

/** Both ends are asked at the same time, each in one session. @throws as observeOffer */
export async function observeOffers(
  { topology, vm, from, to, source, destination }: MoveRequest,
  request: Request,
  definition: DomainDefinition,
): Promise<Offers> {
  const common = { request, definition: definition.toString() };
  const taps = vm.nics.map((_, index) => tapName(topology.name, vm.name, index));
  const [here, there] = await Promise.all([
    observeOffer(source, {
      ...common,
      end: 'source',
      far: vtepOf(to),
      farName: nameOf(to),
      taps,
      local: { networks: [], paths: [] },
      datapath: from.datapath,
    }),
    observeOffer(destination, {
      ...common,
      end: 'destination',
      far: vtepOf(from),
      farName: '',
      taps: [],
      local: localRequest(definition, macsOf(vm)),
      datapath: to.datapath,
    }),
  ]);
  return { source: here, destination: there };
}

/** By which the source's libvirt reaches the destination's; empty: no name has to be resolved. */
function nameOf(host: Host): string {
  const { address } = sshOf(host);
  return parseIp(address) !== null || !/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(address) ? '' : address;
}
