import { type DomainDefinition, definedBytes } from '../model/domain-definition.js';
import type { HostOffer } from '../model/host-offer.js';
import { formatBytes } from '../model/quantities.js';
import { attribute, child, children } from '../model/xml-element.js';
import { type Move, type Obstacle, unfit } from './move-obstacle.js';

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

/** A host gives huge pages to nobody who has not found enough of them when it starts. */
export function judgeHugePages(move: Move, definition: DomainDefinition, offer: HostOffer): Obstacle[] {
  const needed = new Map<number | null, number>();
  for (const { pageBytes, bytes } of hugeMemory(definition)) {
    const size = pageBytes ?? offer.hugePageBytes;
    needed.set(size, (needed.get(size) ?? 0) + bytes);
  }
  return [...needed].flatMap(([size, bytes]) => {
    if (size === null)
      return unfit(
        `${move.vm} has ${formatBytes(bytes)} of its memory in huge pages, and ${move.to} has none at all`,
        `Boot ${move.to} with a kernel that has them (hugetlbfs), or choose another host.`,
      );
    const pages = Math.ceil(bytes / size);
    const free = offer.freePages.get(size);
    if (free !== undefined && free >= pages) return [];
    const has = free === undefined ? 'no pages of that size' : `${free} of them free`;
    const file = `/sys/kernel/mm/hugepages/hugepages-${size / 1024}kB/nr_hugepages`;
    return unfit(
      `${move.vm} has its memory in huge pages: it needs ${pages} of ${formatBytes(size)}, and ${move.to} ` +
        `has ${has}`,
      free === undefined
        ? `Give ${move.to} pages of that size when it boots (hugepagesz=… hugepages=${pages}), or choose another host.`
        : `Have ${move.to} keep ${pages - free} more: \`echo $(($(cat ${file}) + ${pages - free})) >${file}\` there, ` +
            'which works as long as its memory is not in pieces; or choose another host.',
    );
  });
}
