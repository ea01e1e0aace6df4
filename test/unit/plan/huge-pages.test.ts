import t from 'tap';
import { neededBytes, QEMU_MEMORY_BYTES } from '../../../lib/controller/needed-memory.js';
import { DomainDefinition } from '../../../lib/model/domain-definition.js';
import { hugeMemory, judgeHugePages } from '../../../lib/plan/huge-pages.js';

const MOVE = { vm: 'shop', shellDomain: 'shop', from: 'node-a', to: 'node-b' };
const [MIB, GIB] = [2 ** 20, 2 ** 30];

function domainWith(pages: string | null, numa = ''): DomainDefinition {
  const backing = pages === null ? '' : `<memoryBacking><hugepages>${pages}</hugepages></memoryBacking>`;
  const cpu = numa === '' ? '' : `<cpu><numa>${numa}</numa></cpu>`;
  return DomainDefinition.parse(
    `<domain><name>x</name><memory unit='GiB'>4</memory>${backing}${cpu}<devices/></domain>`,
  );
}

function why(definition: DomainDefinition, free: readonly (readonly [number, number])[], hugePageBytes = 2 * MIB) {
  const sizes = new Map(free);
  const offer = { devices: [], networks: new Map(), freePages: sizes, hugePageBytes, paths: [] };
  return judgeHugePages(MOVE, definition, offer);
}

const CELLS =
  "<cell id='0' cpus='0' memory='1' unit='GiB'/><cell id='1' cpus='1' memory='1' unit='GiB'/>" +
  "<cell id='2' cpus='2' memory='2097152'/>";

t.test('which memory is in pages of which size', async (t) => {
  t.strictSame(hugeMemory(domainWith(null)), []);
  t.strictSame(hugeMemory(domainWith('')), [{ pageBytes: null, bytes: 4 * GIB }]);
  t.strictSame(hugeMemory(domainWith("<page size='1' unit='G'/>")), [{ pageBytes: GIB, bytes: 4 * GIB }]);
  const two = "<page size='1' unit='GiB' nodeset='0-1'/><page size='2048'/>";
  t.strictSame(hugeMemory(domainWith(two, CELLS)), [
    { pageBytes: GIB, bytes: 2 * GIB },
    { pageBytes: 2 * MIB, bytes: 2 * GIB },
  ]);
  t.strictSame(hugeMemory(domainWith("<page size='2048' nodeset='0-2,^1'/>", CELLS)), [
    { pageBytes: 2 * MIB, bytes: 3 * GIB },
  ]);
  t.strictSame(hugeMemory(domainWith("<page size='2048' nodeset='0'/>")), [{ pageBytes: 2 * MIB, bytes: 4 * GIB }]);
});

t.test('too few of them are told with the numbers, and how to have more', async (t) => {
  t.strictSame(why(domainWith(''), [[2 * MIB, 2048]]), []);
  t.match(why(domainWith(''), [[2 * MIB, 2000]]), [
    {
      code: 'HOST_UNFIT',
      why: 'shop has its memory in huge pages: it needs 2048 of 2 MiB, and node-b has 2000 of them free',
      fix: /`echo \$\(\(\$\(cat \/sys\/kernel\/mm\/hugepages\/hugepages-2048kB\/nr_hugepages\) \+ 48\)\) >\/sys/,
    },
  ]);
  t.match(why(domainWith("<page size='1' unit='GiB'/>"), [[2 * MIB, 9999]]), [
    { why: /needs 4 of 1 GiB, and node-b has no pages of that size/, fix: /hugepagesz/ },
  ]);
  const none = { devices: [], networks: new Map(), freePages: new Map(), hugePageBytes: null, paths: [] };
  t.match(judgeHugePages(MOVE, domainWith(''), none), [{ why: /4 GiB of its memory in huge pages.* none at all/ }]);
});

t.test('a host has set them aside, so that they need none of its other memory', async (t) => {
  t.equal(neededBytes(domainWith(null)), 4 * GIB + QEMU_MEMORY_BYTES);
  t.equal(neededBytes(domainWith('')), QEMU_MEMORY_BYTES);
  t.equal(neededBytes(domainWith("<page size='2048' nodeset='0'/>", CELLS)), 3 * GIB + QEMU_MEMORY_BYTES);
});
