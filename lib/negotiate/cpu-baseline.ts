import type { CpuBaseline } from '../model/cpu-baseline.js';
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
  return hosts.every(({ model }) => first !== undefined && signature(model) === signature(first.model));
}

/** @param baseline the CPU that libvirt found for all of them (`virsh hypervisor-cpu-baseline`) */
export function baselineOf(hosts: readonly HostModel[], baseline: CpuModel): CpuBaseline {
  return {
    hosts: hosts.map(({ host }) => host),
    differ: !isOneCpu(hosts),
    cpu: cpuElement(baseline),
    given: hosts.map(({ host, model }) => ({
      host,
      model: model.name,
      features: model.name === baseline.name ? lostBetween(model, baseline) : [],
    })),
  };
}

/**
 * In a definition: the model as it is called, with all that is to be there and all that must not be. libvirt checks at
 * the start that the guest gets exactly this (`check='full'` is what it then has written out by itself).
 */
function cpuElement({ name, required, disabled }: CpuModel): string {
  const features = [
    ...required.map((feature) => `<feature policy='require' name='${feature}'/>`),
    ...disabled.map((feature) => `<feature policy='disable' name='${feature}'/>`),
  ];
  const model = `<model fallback='forbid'>${name}</model>`;
  return `<cpu mode='custom' match='exact' check='partial'>${model}${features.join('')}</cpu>`;
}

function signature({ name, required, disabled }: CpuModel): string {
  return JSON.stringify([name, [...required].sort(), [...disabled].sort()]);
}
