import { LibvirtDriver } from '../compute/libvirt/driver.js';
import type { HostParts } from '../migration/host-parts.js';
import type { Placement } from '../placement/placement.js';
import { vtepOf } from '../plan/topology-parts.js';
import type { Controller } from './controller.js';
import { libvirtUriOf } from './host-address.js';
import { hostImages } from './host-images.js';
import { HostObserver } from './host-observer.js';

/** Every host of the topology as migrations need it. All migrations of one ledger share them. */
export function hostParts(controller: Controller, placement: Placement): HostParts[] {
  const { topology } = controller;
  return topology.hosts.map((host): HostParts => {
    const session = controller.session(host.name);
    const { shell } = session;
    return {
      name: host.name,
      vms: new LibvirtDriver(shell, { uri: libvirtUriOf(host), memoryAddress: vtepOf(host) }, (change) =>
        session.inTurn(change),
      ),
      path: controller.network.path(host.name, placement),
      observer: new HostObserver(shell, topology.name),
      images: hostImages(session),
    };
  });
}
