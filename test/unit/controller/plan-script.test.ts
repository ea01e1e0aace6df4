import { execFileSync, spawnSync } from 'node:child_process';
import t from 'tap';
import { planScript } from '../../../lib/controller/plan-script.js';
import { ovsVsctl } from '../../../lib/plan/ovs-vsctl.js';
import { scriptText } from '../../../lib/report/script-text.js';
import { appliedHosts, freshHosts, planned, type TestPlan, topologyOf, USERSPACE, withHost } from '../plan/hosts.js';

const TOPOLOGY = topologyOf();
const scripted = (plan: TestPlan, topology = TOPOLOGY) => planScript(topology, plan, plan.moves);

t.test('all hosts have their networks before the first VM is started', async (t) => {
  const sections = scripted(planned(TOPOLOGY, freshHosts(TOPOLOGY), USERSPACE));
  t.strictSame(
    sections.map(({ step, host }) => `${step} ${host}`),
    ['networks host-a', 'networks host-b', 'networks host-c', 'vms host-a'],
  );
  for (const { host, script } of sections) {
    execFileSync('sh', ['-n'], { input: script });
    t.match(script, /^# create /, `${host}: reasons come first`);
  }
});

t.test('of several hosts it is for reading, and refuses to run on one of them', async (t) => {
  const [first, ...others] = scripted(planned(TOPOLOGY, freshHosts(TOPOLOGY)));
  if (first === undefined) throw new Error('no section');
  t.equal(spawnSync('sh', { input: scriptText([first, ...others]) }).status, 3);
  t.equal(scriptText([]), '# nothing to do');
  t.match(scriptText([first]), /^set -eu\n### host-a: networks\n/);
});

t.test('what a host holds cannot break out of a comment', async (t) => {
  const evil = 'x\necho broken out\n\u2028';
  const drifted = withHost(appliedHosts(TOPOLOGY), 'host-a', ({ bridges }) => ({
    bridges: bridges.map((bridge) => ({ ...bridge, failMode: evil })),
  }));
  const [section] = scripted(planned(TOPOLOGY, drifted));
  t.match(section?.script, /^# update bridge .*broken out/);
  t.notMatch(section?.script, /^echo/m);
});

t.test('a migration: the way there first, then virsh, then what it leaves', async (t) => {
  const moved = topologyOf(['host: host-a', 'host: host-b']);
  const sections = scripted(planned(moved, appliedHosts(TOPOLOGY)), moved);
  t.strictSame(
    sections.map(({ step, host }) => `${step} ${host}`),
    ['networks host-b', 'migrations host-a', 'removals host-a', 'removals host-b'],
  );
  const [there, move, left, arrived] = sections.map(({ script }) => script);
  t.match(there, /# create tap-device .*\nip tuntap add dev tap-web-/s);
  t.match(move, /^# migrate vm web: .*\nvirsh .* migrate --live .*--migrateuri tcp:\/\/198\.18\.2\.10$/m);
  t.match(left, /del-port br-blue-\S+ tap-web-.*\nip link delete dev tap-web-/s);
  t.match(arrived, /^delete_strict .*dl_dst=52:54:00:09:00:01$/m, 'its arrival is over');
});

t.test('values that ovs-vsctl would take apart are quoted for it', async (t) => {
  const columns = {
    externalIds: { 'attached-mac': '52:54:00:09:00:01', note: 'a "b", {c}=d' },
    type: '',
    options: { remote_ip: 'fd00::1', key: '' },
    ofportRequest: null,
  };
  const change = { kind: 'set-port', bridge: 'br', port: 'p', uuid: 'u', interfaceUuid: 'i', columns } as const;
  const ids = 'external_ids={attached-mac="52:54:00:09:00:01",note="a \\"b\\", {c}=d"}';
  t.strictSame(ovsVsctl([change]), [
    ['set', 'Port', 'p', ids],
    ['set', 'Interface', 'p', 'type=""', 'options={remote_ip="fd00::1",key=""}', 'ofport_request=[]', ids],
  ]);
});

t.test('a guest with disks: its image has to be there, then its medium and its disks, then itself', async (t) => {
  const topology = topologyOf(
    ['networks:\n', 'storage: {pool: {kind: shared, path: /srv/pool}}\nnetworks:\n'],
    ['image: micro', 'image: debian'],
  );
  const plan = planned(topology, freshHosts(topology));
  const upload = { source: '/home/me/a b.raw', place: '/images/x.raw', digest: 'd'.repeat(64), fileBytes: 1 };
  const withUpload = { ...plan, vms: plan.vms.map((vm) => ({ ...vm, uploads: [upload] })) };
  const script = scripted(withUpload, topology).find(({ step, host }) => step === 'vms' && host === 'host-a')?.script;
  t.match(script, /sha256sum --check.*copy .*a b\.raw there first, as \/images\/x\.raw.*exit 1/);
  t.match(script, /web\.iso .*qemu-img create.*virsh .*define.*virsh .*start --domain web/s);
  t.match(script, `plans-web-0.qcow2 qcow2 0`);
  execFileSync('sh', ['-n'], { input: script ?? '' });
  const missing = spawnSync('sh', { input: `${script?.match(/^echo .*sha256sum.*$/m)?.[0]}\necho went on\n` });
  t.match({ status: missing.status, stdout: String(missing.stdout) }, { status: 1, stdout: /^(?!.*went on)/s });
});
