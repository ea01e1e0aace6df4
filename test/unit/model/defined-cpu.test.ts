import t from 'tap';
import { cpuChange, cpuElement, cpuOf, cpuText } from '../../../lib/model/defined-cpu.js';
import { DomainDefinition } from '../../../lib/model/domain-definition.js';

const EPYC = { mode: 'custom', model: 'EPYC', required: ['vaes', 'la57'], disabled: ['avx2'] };
const read = (cpu: string) => cpuOf(DomainDefinition.parse(`<domain>${cpu}</domain>`));

t.test('a CPU of many features is named by some of them', async (t) => {
  const required = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  t.equal(cpuText({ ...EPYC, required, disabled: [] }), 'EPYC +a +b +c +d +e +f …');
  t.equal(cpuText({ mode: 'maximum', model: '', required: [], disabled: [] }), 'maximum');
});

t.test('one CPU is one text, in whatever order it is told, and is read back as it is', async (t) => {
  const element = cpuElement(EPYC);
  t.equal(
    element,
    "<cpu mode='custom' match='exact' check='partial'><model fallback='forbid'>EPYC</model>" +
      "<feature policy='disable' name='avx2'/><feature policy='require' name='la57'/>" +
      "<feature policy='require' name='vaes'/></cpu>",
  );
  t.equal(cpuElement({ ...EPYC, required: ['la57', 'vaes'] }), element);
  t.equal(cpuElement(read(element)), element);
});

t.test('two CPUs differ in their models, or in features by name', async (t) => {
  const plain = { mode: 'custom', model: 'EPYC', required: [], disabled: [] };
  t.equal(cpuChange(EPYC, { ...EPYC, required: ['la57', 'vaes'] }), null);
  t.equal(cpuChange(read("<cpu mode='custom'><model>qemu64</model></cpu>"), EPYC), 'qemu64 → EPYC +vaes +la57');
  t.equal(cpuChange(read("<cpu mode='host-model'/>"), plain), 'host-model → EPYC');
  t.equal(cpuChange(plain, EPYC), 'EPYC: -avx2 +vaes +la57');
  t.equal(cpuChange(EPYC, plain), 'EPYC: -vaes -la57 +avx2');
  t.equal(cpuChange(EPYC, { ...EPYC, required: ['vaes', 'la57', 'avx2'], disabled: [] }), 'EPYC: +avx2');
});
