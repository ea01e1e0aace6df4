import type { Guest } from '../guest.js';
import type { Remarks } from '../remarks.js';
import { type Tag, tag } from '../tag.js';
import type { Options } from './options.js';
import { Properties } from './properties.js';

/** QEMU's `hv-…` → libvirt's feature of Hyper-V. */
const HYPERV: Readonly<Record<string, string>> = {
  relaxed: 'relaxed',
  vapic: 'vapic',
  vpindex: 'vpindex',
  runtime: 'runtime',
  synic: 'synic',
  stimer: 'stimer',
  reset: 'reset',
  frequencies: 'frequencies',
  reenlightenment: 'reenlightenment',
  tlbflush: 'tlbflush',
  ipi: 'ipi',
  evmcs: 'evmcs',
};

/** `-cpu MODEL,+feature,-feature,feature=on,hv_…`, with the topology that `-smp` says. */
export function readCpu(options: Options, guest: Guest, topology: Tag | null, remarks: Remarks): void {
  const option = options.last('cpu');
  if (option === null) {
    guest.cpu = topology === null ? null : tag('cpu', {}, [topology]);
    return;
  }
  const properties = Properties.of(option.value ?? '', 'model', option.origin);
  const model = properties.take('model') ?? 'qemu64';
  const hyperv: Tag[] = [];
  const features: Tag[] = [];
  const modes = (name: string) => properties.flag(name) === true;
  const check = modes('enforce') ? 'full' : modes('check') ? 'partial' : 'none';
  const migratable = properties.flag('migratable');
  const pmu = properties.flag('pmu');
  if (pmu !== null) guest.features.push(tag('pmu', { state: pmu ? 'on' : 'off' }));
  if (properties.flag('kvm') === false) guest.features.push(tag('kvm', {}, [tag('hidden', { state: 'on' })]));
  for (const [name, value] of properties.takeAll(/^hv[-_]/)) {
    const made = hypervTag(name, value);
    if (made !== null) hyperv.push(made);
    else if (name !== 'hv_time' && name !== 'hv-time')
      remarks.lost(properties.at(`${name}=${value}`), 'libvirt has it not, or otherwise', 'Write it into `<hyperv>`.');
    else guest.clock.timers.push(tag('timer', { name: 'hypervclock', present: value !== 'off' }));
  }
  if (hyperv.length > 0) guest.features.push(tag('hyperv', {}, hyperv));
  for (const [name, value] of properties.takeAll(/^[+-][\w.-]+$|^[\w.-]+$/)) {
    const feature = featureTag(name, value);
    if (feature === null)
      remarks.lost(properties.at(value === '' ? name : `${name}=${value}`), 'no feature that libvirt names', HINT);
    else features.push(feature);
  }
  properties.tellRest(remarks);
  const content = [topology, ...features];
  if (model === 'host')
    guest.cpu = tag(
      'cpu',
      { mode: 'host-passthrough', check, migratable: migratable === false ? 'off' : 'on' },
      content,
    );
  else if (model === 'max') guest.cpu = tag('cpu', { mode: 'maximum', check }, content);
  else
    guest.cpu = tag('cpu', { mode: 'custom', match: 'exact', check }, [
      tag('model', { fallback: 'forbid' }, model),
      ...content,
    ]);
  if (model === 'host' || model === 'max')
    remarks.changed(
      { ...option.origin, text: `-cpu ${model}` },
      'the guest sees the CPU of the host that it starts on',
      'Where hosts have different CPUs, name a model that all of them have (`virsh hypervisor-cpu-baseline`).',
    );
}

const HINT = 'Where the guest needs it, write it into the definition by hand.';

function hypervTag(name: string, value: string): Tag | null {
  const short = name.slice(3).replaceAll('_', '-');
  if (short === 'spinlocks') {
    const retries = Number(value);
    return Number.isInteger(retries) && retries >= 4095 ? tag('spinlocks', { state: 'on', retries }) : null;
  }
  if (short === 'vendor-id') return tag('vendor_id', { state: 'on', value });
  const feature = HYPERV[short];
  return feature === undefined ? null : tag(feature, { state: value === 'off' ? 'off' : 'on' });
}

/** Settings of the CPU that are no flags. */
const SETTINGS = new RegExp(
  `^(?:${[
    ...['family', 'stepping', 'model-id', 'vendor', 'level', 'xlevel', 'min-.*', 'host-phys-bits.*', 'phys-bits'],
    ...['tsc-frequency', 'l3-cache', 'kvm[-_].*', 'x-.*', 'pmu', 'hotpluggable', 'guest-phys-bits'],
  ].join('|')})$`,
);

/** libvirt's names where they are not QEMU's, which takes `_` for `-` (libvirt's cpu_map/x86_features.xml). */
const RENAMED: Readonly<Record<string, string>> = {
  sse3: 'pni',
  pclmulqdq: 'pclmuldq',
  'ds-cpl': 'ds_cpl',
  'sse4-1': 'sse4.1',
  'sse4-2': 'sse4.2',
  'tsc-adjust': 'tsc_adjust',
  'lahf-lm': 'lahf_lm',
  'cmp-legacy': 'cmp_legacy',
  'nodeid-msr': 'nodeid_msr',
  'perfctr-core': 'perfctr_core',
  'perfctr-nb': 'perfctr_nb',
  xd: 'nx',
  ffxsr: 'fxsr_opt',
  'fxsr-opt': 'fxsr_opt',
  i64: 'lm',
};

function featureTag(name: string, value: string): Tag | null {
  const asked = name.replace(/^[+-]/, '');
  if (SETTINGS.test(asked) || asked === '') return null;
  const dashed = asked.replaceAll('_', '-');
  const plain = Object.hasOwn(RENAMED, dashed) ? (RENAMED[dashed] ?? dashed) : dashed;
  if (name.startsWith('+')) return tag('feature', { policy: 'require', name: plain });
  if (name.startsWith('-')) return tag('feature', { policy: 'disable', name: plain });
  if (value === 'on' || value === '') return tag('feature', { policy: 'require', name: plain });
  return value === 'off' ? tag('feature', { policy: 'disable', name: plain }) : null;
}
