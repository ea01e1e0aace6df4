import type { CpuBaseline } from '../model/cpu-baseline.js';
import { cpuElement } from '../model/defined-cpu.js';
import type { CpuModel } from './offer.js';
import { lostBetween } from './terms/cpu.js';

/** What `host-model` stands for at one host. */
export interface HostModel {
  readonly host: string;
  readonly model: CpuModel;
}

/** Whether one CPU would do for all of them as it is. */
export function isOneCpu(hosts: readonly HostModel[]): boolean {
  const [first] = hosts;
  return hosts.every(({ model }) => first !== undefined && cpuKey(model) === cpuKey(first.model));
}

/** @param baseline the CPU that libvirt found for all of them (`virsh hypervisor-cpu-baseline`) */
export function baselineOf(hosts: readonly HostModel[], baseline: CpuModel): CpuBaseline {
  return {
    hosts: hosts.map(({ host }) => host),
    differ: !isOneCpu(hosts),
    cpu: cpuElement({ ...baseline, model: baseline.name }),
    given: hosts.map(({ host, model }) => ({
      host,
      model: model.name,
      features: model.name === baseline.name ? lostBetween(model, baseline) : [],
    })),
  };
}

/** Of two CPUs the same text where they are one, in whatever order their features are told. */
export function cpuKey({ name, required, disabled }: CpuModel): string {
  return JSON.stringify([name, [...required].sort(), [...disabled].sort()]);
}
