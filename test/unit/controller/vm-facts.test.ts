import t from 'tap';
import { observeVmFacts } from '../../../lib/controller/vm-facts.js';
import { WatchedCpus } from '../../../lib/controller/watched-cpus.js';
import type { Topology } from '../../../lib/model/topology.js';
import { freshHosts, topologyOf } from '../plan/hosts.js';
import { ScriptedShell } from './scripted-shell.js';

const TOPOLOGY = topologyOf(['image: micro', 'image: micro\n    cpu: baseline']);
const ASKED = /virsh .*domcapabilities --virttype qemu/;
const RECKONED = /virsh .*hypervisor-cpu-baseline --virttype qemu/;

const features = (...names: string[]) => names.map((name) => `<feature policy='require' name='${name}'/>`).join('');
const capabilities = (...names: string[]) =>
  `<domainCapabilities><cpu><mode name='host-model' supported='yes'><model fallback='forbid'>EPYC</model>` +
  `${features(...names)}</mode></cpu></domainCapabilities>`;
const element = (...names: string[]) =>
  `<cpu mode='custom' match='exact' check='partial'><model fallback='forbid'>EPYC</model>${features(...names)}</cpu>`;

function shellsOf({ hosts }: Topology): Map<string, ScriptedShell> {
  return new Map(hosts.map(({ name }) => [name, new ScriptedShell(name).on(ASKED, capabilities('aes', 'vaes'))]));
}

function asked(shells: Map<string, ScriptedShell>, topology = TOPOLOGY) {
  return observeVmFacts(topology, freshHosts(topology), (host) => {
    const shell = shells.get(host);
    if (shell === undefined) throw new Error(`no shell of ${host}`);
    return shell;
  });
}

t.test('nobody is asked where no VM wants it', async (t) => {
  t.same(await asked(new Map(), topologyOf()), { accelerator: { type: 'qemu' } });
});

t.test('hosts of one CPU have it in common, and so has one alone', async (t) => {
  const shells = shellsOf(TOPOLOGY);
  shells.get('host-b')?.on(ASKED, capabilities('vaes', 'aes'));
  t.equal((await asked(shells)).baselines?.get('web'), element('aes', 'vaes'));
  t.same(
    [...shells.values()].flatMap((shell) => shell.ran(RECKONED)),
    [],
  );
  const alone = { ...TOPOLOGY, hosts: TOPOLOGY.hosts.slice(0, 1) };
  t.equal((await asked(shells, alone)).baselines?.get('web'), element('aes', 'vaes'));
});

t.test('of hosts that differ the first one’s libvirt reckons', async (t) => {
  const shells = shellsOf(TOPOLOGY);
  shells.get('host-c')?.on(ASKED, capabilities('aes'));
  shells.get('host-a')?.on(RECKONED, `<cpu mode='custom' match='exact'><model>EPYC</model>${features('aes')}</cpu>`);
  t.equal((await asked(shells)).baselines?.get('web'), element('aes'));
  t.match(shells.get('host-a')?.ran(RECKONED), [/vaes.*EPYC/s], 'of what all have said');
});

t.test('a host that does not tell is named with libvirt’s words', async (t) => {
  const shells = shellsOf(TOPOLOGY);
  shells
    .get('host-b')
    ?.on(ASKED, { exitCode: 1, stderr: 'error: failed to get emulator capabilities\nerror: no QEMU' });
  await t.rejects(asked(shells), {
    code: 'HOST_UNFIT',
    where: 'vms.web.cpu',
    message: /and host-b does not tell what it can give \(failed to get emulator capabilities; no QEMU\)$/,
    hint: /^Nothing was changed\. See `virsh domcapabilities --virttype qemu .*` on host-b; `vxmig doctor FILE`/,
  });
  shells.get('host-b')?.on(ASKED, '<domainCapabilities></domainCapabilities>');
  await t.rejects(asked(shells), { message: /\(libvirt there has no host-model\)$/ });
});

t.test('hosts that have nothing in common are named with what they have', async (t) => {
  const shells = shellsOf(TOPOLOGY);
  shells.get('host-c')?.on(ASKED, capabilities('aes'));
  shells.get('host-a')?.on(RECKONED, { exitCode: 1, stderr: 'error: CPU vendors do not match\n' });
  await t.rejects(asked(shells), {
    code: 'HOST_UNFIT',
    message: /host-a \(EPYC\), host-b \(EPYC\), host-c \(EPYC\) have none in common \(CPU vendors do not match\)$/,
    hint: /`virsh domcapabilities` on each of them .*`cpu: qemu64`/,
  });
});

t.test('a watch asks the host that it looks at, and one that is away has what it had', async (t) => {
  const [shells, cpus] = [shellsOf(TOPOLOGY), new WatchedCpus(TOPOLOGY)];
  const look = (host: string) => cpus.facts(freshHosts(TOPOLOGY), host, shells);
  const counts = () => [...shells.values()].map((shell) => shell.ran(ASKED).length);
  t.same(await look('host-a'), await asked(shellsOf(TOPOLOGY)), 'the same as apply');
  await look('host-b');
  t.same(counts(), [1, 2, 1]);
  shells.get('host-b')?.on(ASKED, capabilities('aes'));
  const less = `<cpu mode='custom' match='exact'><model>EPYC</model>${features('aes')}</cpu>`;
  shells.get('host-a')?.on(RECKONED, less);
  t.equal((await look('host-b')).baselines?.get('web'), element('aes'));
  const [away] = [shells.get('host-a')];
  shells.delete('host-a');
  t.equal((await look('host-c')).baselines?.get('web'), element('aes'));
  t.equal(away?.ran(RECKONED).length, 1, 'which is reckoned once');
  t.same(await new WatchedCpus(topologyOf()).facts(freshHosts(TOPOLOGY), 'host-a', new Map()), {
    accelerator: { type: 'qemu' },
  });
  await t.rejects(new WatchedCpus(TOPOLOGY).facts(freshHosts(TOPOLOGY), 'host-b', shells), {
    message: /host-a does not tell what it can give \(it is away\)/,
  });
});
