import { withoutLength } from '../model/address.js';
import type { MacCoverage, UnwatchedNic } from '../model/migration-result.js';
import type { Nic, Vm } from '../model/topology.js';
import type { LeftMac, MovingMac } from '../plan/moving-macs.js';
import type { RunningProbe } from './running-probe.js';

export interface Covered {
  readonly macs: readonly MovingMac[];
  /** MACs for which the whole of what is promised does not hold. */
  readonly left: readonly LeftMac[];
}

/** For which MACs all holds that is said of the run, and for which it does not. */
export function macsOf({ macs, left }: Covered): MacCoverage[] {
  const whyNot = (mac: string, network: string) => left.find((one) => one.mac === mac && one.network === network)?.why;
  const moved = macs.map(({ network, mac, origin }): MacCoverage => {
    const why = whyNot(mac, network);
    return { network, mac, origin, covered: why === undefined, why: why ?? '' };
  });
  const others = left.filter(({ network, mac }) => !macs.some((one) => one.mac === mac && one.network === network));
  return [...moved, ...others.map((one): MacCoverage => ({ ...one, origin: 'unknown', covered: false }))];
}

/** The VM's NICs of which no ping tells anything. */
export function unwatchedNics(
  vm: Vm,
  probes: readonly RunningProbe[],
  unlinkedMacs: readonly string[],
): UnwatchedNic[] {
  const watching = probes.filter(({ from, to }) => to === vm.name || from === vm.name);
  const its = (address: string | undefined, nic: Nic) => nic.addresses.some((one) => withoutLength(one) === address);
  const watches = (probe: RunningProbe, nic: Nic) =>
    probe.network === nic.network && its(probe.to === vm.name ? probe.address : probe.guest?.address, nic);
  return vm.nics
    .filter((nic) => unlinkedMacs.includes(nic.mac) || !watching.some((probe) => watches(probe, nic)))
    .map(({ network, mac, addresses }) => {
      if (unlinkedMacs.includes(mac)) return { network, mac, why: 'its link is down in the domain, and stays so' };
      const why = addresses.length === 0 ? 'the file gives it no address to ping' : 'no probe has an address there';
      return { network, mac, why: watching.length === 0 ? 'no probe watches the VM' : why };
    });
}
