import type { CpuBaseline } from '../model/cpu-baseline.js';

/** A paragraph for people where hosts have different CPUs: what a VM needs that may come to each of them. Or none. */
export function baselineText(baseline: CpuBaseline | null): string[] {
  if (baseline === null || !baseline.differ) return [];
  const hosts = baseline.given.map(({ host, model, features }) => {
    const more = features.length === 0 ? '' : ` (gives up ${features.join(', ')})`;
    return `  ${host}: ${model}${more}`;
  });
  return [
    [
      'The hosts have different CPUs. A VM that may come to each of them wants what all can give:',
      `  ${baseline.cpu}`,
      ...hosts,
      '`cpu: baseline` in the file gives it to a VM that vxmig makes, `virsh edit` to another; from its next start.',
    ].join('\n'),
  ];
}
