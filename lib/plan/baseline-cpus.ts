import { BASELINE, type CommonCpu, wantsBaseline } from '../model/cpu-baseline.js';
import { cpuElement, cpuOf, cpuText } from '../model/defined-cpu.js';
import { DomainDefinition } from '../model/domain-definition.js';
import { MARK_NAMESPACE } from '../model/domain-marks.js';
import { VxmigError } from '../model/errors.js';
import { shellLine } from '../model/quote.js';
import type { Topology, Vm } from '../model/topology.js';
import { attribute } from '../model/xml-element.js';
import { domainOf, type VmFacts } from './desired-vms.js';
import type { ObservedVms } from './observed.js';

type Seen = Pick<ObservedVms, 'domains'>;

/**
 * The CPU of each VM that says `cpu: baseline`: what all hosts can give. While that cannot be told, one that is there
 * keeps what it was given when it could, so that it can still be looked after and moved; no VM gets another CPU.
 *
 * @throws VxmigError HOST_UNFIT where it cannot be told, and a VM has none to keep
 */
export function baselineCpus(
  topology: Topology,
  observed: readonly Seen[],
  common: CommonCpu,
): Required<Pick<VmFacts, 'baselines' | 'remarks'>> {
  const vms = topology.vms.filter(wantsBaseline);
  if (common.kind === 'known') return { baselines: new Map(vms.map(({ name }) => [name, common.cpu])), remarks: [] };
  const kept = vms.map(({ name }) => ({ name, cpu: keptCpu(topology.name, name, observed) }));
  const without = kept.filter(({ cpu }) => cpu === null).map(({ name }) => name);
  if (without.length > 0) throw unknownCpu(without, common);
  return {
    baselines: new Map(kept.flatMap(({ name, cpu }) => (cpu === null ? [] : [[name, cpuElement(cpu)]]))),
    remarks: kept.flatMap(({ name, cpu }) =>
      cpu === null
        ? []
        : [
            `${name} keeps the CPU that all hosts could give when it was defined (${cpuText(cpu)}): what they can ` +
              `give now is not known, because ${common.why}. ${common.fix}`,
          ],
    ),
  };
}

/** In the definition of one that vxmig has made; null: there is none, or it has its CPU from elsewhere. */
function keptCpu(topology: string, vm: string, observed: readonly Seen[]) {
  for (const { domains } of observed) {
    const found = domains.find(({ owner }) => owner?.topology === topology && owner.vm === vm);
    if (found === undefined) continue;
    const definition = DomainDefinition.parse(found.xml);
    if (attribute(definition.metadata(MARK_NAMESPACE), 'cpu') === BASELINE) return cpuOf(definition);
  }
  return null;
}

function unknownCpu(vms: readonly string[], { why, fix }: Extract<CommonCpu, { kind: 'unknown' }>): VxmigError {
  const they = vms.length === 1 ? `${vms[0]} is` : `${vms.join(', ')} are`;
  const message = `${they} to have the CPU that all hosts can give (\`cpu: ${BASELINE}\`), and ${why}`;
  return new VxmigError('HOST_UNFIT', message, {
    where: vms.map((name) => `vms.${name}.cpu`).join(', '),
    hint:
      `Nothing was changed. ${fix} Or name a CPU that each of them has: \`cpu: qemu64\`, or one of ` +
      '`virsh cpu-models x86_64`.',
  });
}

/** How a VM on that host gets a CPU with which it can go to all of them. */
export function cpuFix(vm: Vm, host: string): string {
  if (vm.source.kind === 'image')
    return (
      `Say \`cpu: ${BASELINE}\` for ${vm.name} in the file and \`vxmig apply FILE\`: the CPU that all hosts can give ` +
      "counts from the VM's next start."
    );
  return (
    `Give ${vm.name} a CPU that all its hosts can give: \`vxmig plan FILE\` says which one, as the <cpu> for ` +
    `\`${shellLine(['virsh', 'edit', domainOf(vm)])}\` on ${host}; it counts from the VM's next start.`
  );
}
