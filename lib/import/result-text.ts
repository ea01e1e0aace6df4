import type { Conversion } from './conversion.js';
import type { Remark } from './remarks.js';
import { vmText } from './vm-entry.js';

/** As --json prints a remark. */
export function remarkDocument({ what, why, hint, place }: Remark, file: string): Readonly<Record<string, string>> {
  const where = place === null ? file : `${file}:${place.line}:${place.column}`;
  return { what, why, hint, where };
}

/** The two parts and what is to be said of them, for people. */
export function resultText(result: Conversion, file: string): string {
  const { vm, domain } = result;
  return [
    '# For the topology, under `vms:`',
    vmText(vm),
    `# For libvirt on ${vm.host}: virsh define FILE`,
    domain,
    ...remarksText(result, file),
  ].join('\n');
}

export function remarksText({ changed, notCarried }: Conversion, file: string): string[] {
  const part = (title: string, list: readonly Remark[]) =>
    list.length === 0 ? [] : [`${title} (${list.length})`, ...list.map((remark) => remarkText(remark, file))];
  const parts = [part('Carried over otherwise', changed), part('Not carried over', notCarried)];
  return parts.filter((lines) => lines.length > 0).map((lines) => `${lines.join('\n')}\n`);
}

function remarkText({ what, why, hint, place }: Remark, file: string): string {
  const where = place === null ? '' : `${file}:${place.line}:${place.column}: `;
  return `  ${where}${what}\n    ${why}. ${hint}`;
}
