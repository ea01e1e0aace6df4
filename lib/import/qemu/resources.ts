import type { Guest } from '../guest.js';
import { Mistake } from '../mistake.js';
import type { Remarks } from '../remarks.js';
import { type Tag, tag } from '../tag.js';
import type { QemuObjects } from './objects.js';
import type { Options } from './options.js';
import { Properties } from './properties.js';

const UNITS: Readonly<Record<string, number>> = { B: 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };
/** QEMU's own default. */
const DEFAULT_BYTES = 128 * 2 ** 20;

/** `2G`, `512`: MiB where nothing is said; null: it cannot be read. */
function sizeBytes(text: string, unit = 'M'): number | null {
  const [, amount, suffix] = /^(\d{1,12}(?:\.\d{1,6})?)\s*([bkmgt]?)(?:i?b)?$/i.exec(text.trim()) ?? [];
  if (amount === undefined) return null;
  const factor = UNITS[(suffix || unit).toUpperCase()] ?? 1;
  const bytes = Math.round(Number(amount) * factor);
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : null;
}

/** `-m 2G`, `-m size=2G,slots=4,maxmem=8G`. */
export function readMemory(options: Options, guest: Guest, remarks: Remarks): void {
  guest.memoryBytes = DEFAULT_BYTES;
  const option = options.last('m');
  if (option === null) {
    remarks.changed(
      { text: 'no -m that is known', place: null },
      'it has 128 MiB, which QEMU gives where nobody says',
      'Where it shall have more, write so in both parts.',
    );
  } else {
    const properties = Properties.of(option.value ?? '', 'size', option.origin);
    const size = properties.take('size');
    const bytes = size === null ? DEFAULT_BYTES : sizeBytes(size);
    if (bytes === null)
      throw new Mistake(
        option.origin.place ?? { line: 1, column: 1 },
        `\`${option.origin.text}\` is no size`,
        'write -m 512 (MiB), -m 2G or -m size=2G',
      );
    guest.memoryBytes = bytes;
    properties.tellRest(
      remarks,
      'memory that is plugged in later needs NUMA nodes with libvirt',
      'Write `<maxMemory slots=…>` and `<numa>` into the definition, if the VM has to grow.',
    );
  }
  if (options.flag('mem-prealloc')) guest.memoryBacking.push(tag('allocation', { mode: 'immediate' }));
  const path = options.last('mem-path');
  if (path?.value?.includes('huge') === true) guest.memoryBacking.push(tag('hugepages'));
  else if (path !== null)
    remarks.lost(path.origin, 'libvirt keeps memory where its own settings say', 'Nothing to do.');
  for (const commit of options.properties('overcommit', null)) {
    if (commit.flag('mem-lock') === true) guest.memoryBacking.push(tag('locked'));
    commit.tellRest(remarks);
  }
  for (const realtime of options.properties('realtime', null)) {
    if (realtime.flag('mlock') === true) guest.memoryBacking.push(tag('locked'));
    realtime.tellRest(remarks);
  }
}

/** Where its memory is kept: the object that `-machine` or the only NUMA node names. */
export function readMemoryBacking(
  objects: QemuObjects,
  names: readonly string[],
  guest: Guest,
  remarks: Remarks,
): void {
  for (const name of names) {
    const object = objects.take(name);
    if (object === null) continue;
    const type = object.take('qom-type') ?? '';
    object.take('id', 'size', 'merge', 'dump', 'x-use-canonical-path-for-ramblock-id', 'prealloc-threads');
    const path = object.take('mem-path');
    const huge = object.flag('hugetlb') === true || path?.includes('huge') === true;
    const pages = object.take('hugetlbsize');
    const bytes = pages === null ? null : sizeBytes(pages, 'B');
    if (huge)
      guest.memoryBacking.push(
        tag('hugepages', {}, bytes === null ? [] : [tag('page', { size: bytes / 1024, unit: 'KiB' })]),
      );
    if (type === 'memory-backend-memfd') guest.memoryBacking.push(tag('source', { type: 'memfd' }));
    else if (type === 'memory-backend-file' && !huge) {
      guest.memoryBacking.push(tag('source', { type: 'file' }));
      if (path !== null)
        remarks.lost(
          object.at(`mem-path=${path}`),
          'libvirt keeps such files where its own settings say',
          'Nothing to do.',
        );
    }
    if (object.flag('share') === true) guest.memoryBacking.push(tag('access', { mode: 'shared' }));
    if (object.flag('prealloc') === true) guest.memoryBacking.push(tag('allocation', { mode: 'immediate' }));
    object.tellRest(
      remarks,
      'it ties the memory to parts of one host, or is QEMU’s own',
      'Write `<numatune>` by hand.',
    );
  }
  guest.memoryBacking = guest.memoryBacking.filter(
    ({ name }, index, all) => all.findIndex((one) => one.name === name) === index,
  );
}

const PARTS = ['sockets', 'dies', 'clusters', 'cores', 'threads'] as const;
const MOST_VCPUS = 4096;

/** `-smp 4`, `-smp cpus=2,maxcpus=4,sockets=…`. @returns `<topology>`, where it is said */
export function readSmp(options: Options, guest: Guest, remarks: Remarks): Tag | null {
  const option = options.last('smp');
  if (option === null) return null;
  const properties = Properties.of(option.value ?? '', 'cpus', option.origin);
  const number = (name: string): number | null => {
    const text = properties.take(name);
    if (text === null || /^[1-9]\d{0,3}$/.test(text)) return text === null ? null : Number(text);
    remarks.lost(properties.at(`${name}=${text}`), 'it is no number', 'Write `<vcpu>` by hand.');
    return null;
  };
  const [cpus, most] = [number('cpus'), number('maxcpus')];
  const parts = PARTS.map((name) => [name, number(name)] as const);
  properties.tellRest(remarks);
  const product = parts.reduce((all, [, count]) => all * (count ?? 1), 1);
  const vcpus = Math.max(most ?? cpus ?? product, cpus ?? 1);
  guest.vcpus = Math.min(vcpus, MOST_VCPUS);
  if (cpus !== null && cpus < guest.vcpus) guest.currentVcpus = cpus;
  if (parts.every(([, count]) => count === null)) return null;
  const missing = vcpus / product;
  const filled = new Map(parts);
  // What is not said is filled from the outside in, as QEMU did before 6.2, or with cores where sockets are said.
  const open = (['sockets', 'cores', 'threads'] as const).find((name) => filled.get(name) === null);
  if (open !== undefined && Number.isInteger(missing)) filled.set(open, missing);
  const total = [...filled.values()].reduce<number>((all, count) => all * (count ?? 1), 1);
  if (total !== guest.vcpus) {
    remarks.lost(
      option.origin,
      `sockets, cores and threads make ${total} CPUs, not ${vcpus}`,
      'Write `<topology>` by hand.',
    );
    return null;
  }
  const said = Object.fromEntries([...filled].map(([name, count]) => [name, count ?? 1]));
  const { dies, clusters, ...usual } = said;
  return tag('topology', {
    sockets: usual.sockets ?? 1,
    ...(dies === 1 ? {} : { dies }),
    ...(clusters === 1 ? {} : { clusters }),
    cores: usual.cores ?? 1,
    threads: usual.threads ?? 1,
  });
}

/** The node's object is the memory where there is one node alone; more than one is a topology of its own. */
export function readNuma(options: Options, remarks: Remarks): string[] {
  const all = options.all('numa');
  const nodes = all.filter(({ value }) => value?.startsWith('node') === true);
  const [node] = nodes;
  if (all.length === 1 && node !== undefined) {
    const backend = Properties.of(node.value ?? '', 'kind', node.origin).take('memdev');
    return backend === null ? [] : [backend];
  }
  for (const option of all)
    remarks.lost(option.origin, 'a NUMA topology of the guest’s is not carried over', 'Write `<cpu><numa>` by hand.');
  return nodes.flatMap(({ value, origin }) => Properties.of(value ?? '', 'kind', origin).take('memdev') ?? []);
}
