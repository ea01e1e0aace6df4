import { domainOf } from '../plan/desired-vms.js';
import type { Controller } from './controller.js';

/** By the last look: that VM runs on that host. */
export function runsOn(controller: Controller, vm: string, host: string): boolean {
  const ours = controller.topology.vms.filter(({ name }) => name === vm).map(domainOf);
  const { domains } = controller.session(host).observed;
  return domains.some(({ name, state }) => ours.includes(name) && state === 'running');
}
