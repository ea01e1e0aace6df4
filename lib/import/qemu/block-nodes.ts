import { Properties } from './properties.js';

/** Nodes that only stand between the guest and its disk; the disk is what is below them. */
const FILTERS = ['throttle', 'copy-on-read', 'alloc-track', 'fleecing', 'compress', 'preallocate', 'blkdebug'];
/** No disk has more nodes below it. */
const DEEPEST = 8;

/** The nodes of `-blockdev`, each joined with those that it names: what is in `file` gets the name `file.…`. */
export class BlockNodes {
  readonly #nodes: ReadonlyMap<string, Properties>;
  readonly #used = new Set<string>();

  constructor(nodes: readonly Properties[]) {
    this.#nodes = new Map(nodes.map((one, index) => [one.peek('node-name') ?? `#${index}`, one]));
  }

  /** null: there is no such node. */
  take(name: string): Properties | null {
    const top = this.#nodes.get(name);
    if (top === undefined) return null;
    return withoutFilters(Properties.from(this.#joined(name, 0), top.origin));
  }

  /** Those that no device has taken. */
  unused(): Properties[] {
    return [...this.#nodes].filter(([name]) => !this.#used.has(name)).map(([, node]) => node);
  }

  #joined(name: string, depth: number): Map<string, string> {
    this.#used.add(name);
    const settings = new Map<string, string>();
    for (const [key, value] of this.#nodes.get(name)?.entries() ?? []) {
      if (/(?:^|\.)backing$/.test(key) && (value === 'null' || this.#nodes.has(value))) {
        // The image itself names what it is based on.
        this.#used.add(value);
        continue;
      }
      const isBelow = /(?:^|\.)file$/.test(key) && this.#nodes.has(value) && depth < DEEPEST;
      if (!isBelow) settings.set(key, value);
      else for (const [below, one] of this.#joined(value, depth + 1)) settings.set(`${key}.${below}`, one);
    }
    return settings;
  }
}

function withoutFilters(node: Properties): Properties {
  let top = node;
  for (let depth = 0; depth < DEEPEST && FILTERS.includes(top.peek('driver') ?? ''); depth += 1) {
    const kept = top.entries().filter(([name]) => /^(?:read-only|discard|detect-zeroes|cache\..*)$/.test(name));
    const below = top
      .entries()
      .flatMap(([name, value]) => (name.startsWith('file.') ? [[name.slice(5), value] as const] : []));
    top = Properties.from(new Map([...kept, ...below]), top.origin);
  }
  return top;
}
