import t from 'tap';
import { neededBytes, QEMU_MEMORY_BYTES } from '../../../lib/controller/needed-memory.js';
import { DomainDefinition } from '../../../lib/model/domain-definition.js';
import { hugeMemory } from '../../../lib/model/huge-memory.js';

const [MIB, GIB] = [2 ** 20, 2 ** 30];

function domainWith(pages: string | null, numa = ''): DomainDefinition {
  const backing = pages === null ? '' : `<memoryBacking><hugepages>${pages}</hugepages></memoryBacking>`;
  const cpu = numa === '' ? '' : `<cpu><numa>${numa}</numa></cpu>`;
  return DomainDefinition.parse(
    `<domain><name>x</name><memory unit='GiB'>4</memory>${backing}${cpu}<devices/></domain>`,
  );
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

t.test('a host has set them aside, so that they need none of its other memory', async (t) => {
  t.equal(neededBytes(domainWith(null)), 4 * GIB + QEMU_MEMORY_BYTES);
  t.equal(neededBytes(domainWith('')), QEMU_MEMORY_BYTES);
  t.equal(neededBytes(domainWith("<page size='2048' nodeset='0'/>", CELLS)), 3 * GIB + QEMU_MEMORY_BYTES);
});
