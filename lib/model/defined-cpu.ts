import type { DomainDefinition } from './domain-definition.js';
import { attribute, child, children, escaped } from './xml-element.js';

const MOST_NAMED = 6;

/** A CPU as a definition has it (libvirt.org/formatdomain, "CPU model and topology"). */
export interface DefinedCpu {
  /** `custom`, `host-passthrough`, `maximum`, `host-model`; `none`: QEMU's default. */
  readonly mode: string;
  readonly model: string;
  readonly required: readonly string[];
  /** Of the model's own, those that the guest does not have. */
  readonly disabled: readonly string[];
}

export function cpuOf(definition: DomainDefinition): DefinedCpu {
  const cpu = child(definition.root, 'cpu');
  if (cpu === undefined) return { mode: 'none', model: '', required: [], disabled: [] };
  const model = child(cpu, 'model')?.textContent?.trim() ?? '';
  const features = children(cpu, 'feature');
  const withPolicy = (...policies: (string | null)[]) =>
    features.flatMap((one) => (policies.includes(attribute(one, 'policy')) ? (attribute(one, 'name') ?? []) : []));
  return {
    mode: attribute(cpu, 'mode') ?? (model === '' ? 'none' : 'custom'),
    model,
    required: withPolicy('require', 'force', null),
    disabled: withPolicy('disable', 'forbid'),
  };
}

/**
 * A named model with all that is to be there and all that must not be. The order is the names' own, so that one CPU is
 * one text, whoever tells it. libvirt looks at the start whether the host can give it (`check='full'` is what it then
 * has written out by itself).
 */
export function cpuElement({ model, required, disabled }: Omit<DefinedCpu, 'mode'>): string {
  const policies = new Map([
    ...required.map((name) => [name, 'require'] as const),
    ...disabled.map((name) => [name, 'disable'] as const),
  ]);
  const features = [...policies.keys()]
    .sort()
    .map((name) => `<feature policy='${policies.get(name)}' name='${escaped(name)}'/>`);
  const name = `<model fallback='forbid'>${escaped(model)}</model>`;
  return `<cpu mode='custom' match='exact' check='partial'>${name}${features.join('')}</cpu>`;
}

/** `EPYC +vaes +la57 …`: features beyond the model's own are named as far as anybody reads. */
export function cpuText({ model, mode, required }: DefinedCpu): string {
  const named = required.slice(0, MOST_NAMED).map((name) => `+${name}`);
  return [model || mode, ...named, ...(required.length > MOST_NAMED ? ['…'] : [])].join(' ');
}

/** `EPYC: -avx2 +vaes`, or `qemu64 → EPYC +vaes`; null: they are one CPU. */
export function cpuChange(before: DefinedCpu, after: DefinedCpu): string | null {
  if (before.model !== after.model || before.mode !== after.mode) return `${cpuText(before)} → ${cpuText(after)}`;
  const more = [
    ...after.required.filter((name) => !before.required.includes(name)),
    ...before.disabled.filter((name) => !after.disabled.includes(name) && !after.required.includes(name)),
  ];
  const less = [
    ...after.disabled.filter((name) => !before.disabled.includes(name)),
    ...before.required.filter((name) => !after.required.includes(name) && !after.disabled.includes(name)),
  ];
  if (more.length === 0 && less.length === 0) return null;
  const named = [...less.map((name) => `-${name}`), ...more.map((name) => `+${name}`)];
  return `${after.model || after.mode}: ${[...new Set(named)].join(' ')}`;
}
