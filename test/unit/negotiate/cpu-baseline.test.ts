import t from 'tap';
import { baselineOf, isOneCpu } from '../../../lib/negotiate/cpu-baseline.js';
import { baselineText } from '../../../lib/report/baseline-text.js';
import { cpuModel } from './ends.js';

const hosts = (...models: Parameters<typeof cpuModel>[0][]) =>
  models.map((change, index) => ({ host: `node-${index}`, model: cpuModel(change) }));

t.test('hosts of one CPU: it is the baseline, in whatever order its features are told', async (t) => {
  const same = hosts({}, { required: ['avx512f', 'vmx'] });
  t.ok(isOneCpu(same));
  const baseline = baselineOf(same, cpuModel());
  t.match(baseline, { differ: false, hosts: ['node-0', 'node-1'], given: [{ features: [] }, { features: [] }] });
  t.same(baselineText(baseline), [], 'which is nothing to tell people');
  t.same(baselineText(null), []);
});

t.test('hosts that differ: what each gives up, and the element for the definition', async (t) => {
  const different = hosts({}, { required: ['vmx'], disabled: ['avx2'] }, { name: 'Westmere', required: [] });
  t.notOk(isOneCpu(different));
  const baseline = baselineOf(different, cpuModel({ required: ['vmx'], disabled: ['avx2'] }));
  t.equal(
    baseline.cpu,
    "<cpu mode='custom' match='exact' check='partial'><model fallback='forbid'>Skylake-Client</model>" +
      "<feature policy='disable' name='avx2'/><feature policy='require' name='vmx'/></cpu>",
  );
  t.same(baseline.given, [
    { host: 'node-0', model: 'Skylake-Client', features: ['avx512f', 'avx2'] },
    { host: 'node-1', model: 'Skylake-Client', features: [] },
    { host: 'node-2', model: 'Westmere', features: [] },
  ]);
  const [text = ''] = baselineText(baseline);
  t.match(
    text,
    /different CPUs.*<cpu mode=.*node-0: Skylake-Client \(gives up avx512f, avx2\).*node-2: Westmere\n.*`cpu: baseline`/s,
  );
});
