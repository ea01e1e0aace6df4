import { type DomainDefinition, definedBytes } from './domain-definition.js';
import { attribute, child, children } from './xml-element.js';

/** Memory that a domain has in huge pages. */
export interface HugeMemory {
  /** null: the host's own size. */
  readonly pageBytes: number | null;
  readonly bytes: number;
}

/** libvirt.org/formatdomain, "Memory Backing": `<page>` says which of the guest's NUMA nodes have which pages. */
export function hugeMemory(definition: DomainDefinition): HugeMemory[] {
  const backing = child(definition.root, 'memoryBacking');
  const huge = backing === undefined ? undefined : child(backing, 'hugepages');
  if (huge === undefined) return [];
  const all = definition.memoryBytes ?? 0;
  const pages = children(huge, 'page');
  if (pages.length === 0) return [{ pageBytes: null, bytes: all }];
  const nodes = nodesOf(definition);
  const memory = pages.map((page) => {
    const nodeset = nodes.size === 0 ? null : attribute(page, 'nodeset');
    const ofNodes = nodeset === null ? null : idsOf(nodeset).reduce((sum, id) => sum + (nodes.get(id) ?? 0), 0);
    return { pageBytes: definedBytes(attribute(page, 'size') ?? '', attribute(page, 'unit')), ofNodes };
  });
  const named = memory.reduce((sum, { ofNodes }) => sum + (ofNodes ?? 0), 0);
  // The one without nodes is for those that no other names.
  return memory
    .map(({ pageBytes, ofNodes }) => ({ pageBytes, bytes: ofNodes ?? Math.max(0, all - named) }))
    .filter(({ bytes }) => bytes > 0);
}

/** Bytes of the guest's NUMA nodes, by their ids. */
function nodesOf(definition: DomainDefinition): Map<number, number> {
  const cpu = child(definition.root, 'cpu');
  const numa = cpu === undefined ? undefined : child(cpu, 'numa');
  const cells = numa === undefined ? [] : children(numa, 'cell');
  return new Map(
    cells.map((cell, index) => [
      Number(attribute(cell, 'id') ?? index),
      definedBytes(attribute(cell, 'memory') ?? '', attribute(cell, 'unit')) ?? 0,
    ]),
  );
}

/** libvirt's `0-3,^2,7`. */
function idsOf(nodeset: string): number[] {
  const ids = new Set<number>();
  for (const [, not, first, last = first] of nodeset.matchAll(/(\^?)(\d+)(?:-(\d+))?/g))
    for (let id = Number(first); id <= Number(last) && id < MOST_NODES; id++) not === '' ? ids.add(id) : ids.delete(id);
  return [...ids];
}

/** Far more than Linux has (CONFIG_NODES_SHIFT). */
const MOST_NODES = 4096;
