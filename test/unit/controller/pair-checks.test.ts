import t from 'tap';
import { pairChecks } from '../../../lib/controller/pair-checks.js';
import type { Topology } from '../../../lib/model/topology.js';
import { topologyOf } from '../plan/hosts.js';
import { ScriptedShell } from './scripted-shell.js';

const TOPOLOGY = topologyOf();
const PORTS = { first: 49152, last: 49215 };
const REFUSED = { exitCode: 1, stderr: 'bash: line 1: connect: Connection refused' };

function pair(topology: Topology = TOPOLOGY) {
  const [from, to] = topology.hosts;
  if (from === undefined || to === undefined) throw new Error('too few');
  const shell = new ScriptedShell('host-a')
    .on(/^ping /, '3 packets transmitted, 3 received')
    .on(/\/dev\/tcp/, REFUSED)
    .on(/^timeout 25 virsh /, 'Using library: libvirt 11.3.0\nRunning hypervisor: QEMU 10.0.2\n');
  const checks = async () => await pairChecks(topology, { shell, from, to, ports: PORTS });
  const failed = async () => (await checks()).filter(({ ok }) => !ok);
  return { shell, checks, failed };
}

t.test('a pair in order: full-size packets, both ends of the ports, libvirt', async (t) => {
  const { shell, checks } = pair();
  t.match(await checks(), [
    { name: 'path MTU host-a to host-b', ok: true, hint: '' },
    { name: 'migration ports host-a to host-b', ok: true, seen: 'TCP 49152 and 49215 of 198.18.2.10 can be reached' },
    { name: 'libvirt over SSH host-a to host-b', ok: true, seen: 'QEMU 10.0.2', hint: '' },
  ]);
  t.match(shell.ran(/^ping /).at(-1), / -s 1472 198\.18\.2\.10$/, 'the smaller of both segments’ MTU counts');
  t.match(shell.ran(/^timeout/)[0], / -c qemu\+ssh:\/\/root@198\.18\.2\.10:22\/system\?no_tty=1 version$/);
});

t.test('without VMs only packets are needed', async (t) => {
  const { shell, checks } = pair({ ...TOPOLOGY, vms: [], probes: [] });
  t.strictSame(
    (await checks()).map(({ name }) => name),
    ['path MTU host-a to host-b'],
  );
  t.strictSame(shell.ran(/virsh|\/dev\/tcp/), []);
});

t.test('each thing that is in the way is told with what to do', async (t) => {
  const small = pair();
  small.shell.on(/^ping .* -s 1472 /, { stdout: '3 packets transmitted, 0 received', exitCode: 1 });
  t.match(await small.failed(), [{ name: /^path MTU/, seen: /none of 1500 bytes/, hint: /MTU on the way/ }]);
  t.equal((await small.failed()).length, 1);
  const filtered = pair();
  filtered.shell.on(/\/dev\/tcp.* 49215$/, { exitCode: 124 });
  t.match(await filtered.failed(), [
    {
      name: /^migration ports/,
      seen: '49215: no answer within 4 s',
      hint: "open TCP 49152 to 49215 in host-b's firewall",
    },
  ]);
});

t.test('a libvirt that is not let in, and one that is silent, are two things', async (t) => {
  const { shell, failed } = pair();
  shell.on(/^timeout 25 virsh /, {
    exitCode: 1,
    stderr: 'error: failed to connect\nerror: Host key verification failed.\n',
  });
  t.match(await failed(), [{ seen: 'error: Host key verification failed.', hint: /must work without a password/ }]);
  shell.on(/^timeout 25 virsh /, { exitCode: 124 });
  t.match(await failed(), [{ seen: 'no answer within 25 s', hint: /is libvirtd on host-b well/ }]);
  shell.on(/^timeout 25 virsh /, { exitCode: 127, stderr: 'timeout: failed to run command virsh' });
  t.match(await failed(), [{ ok: false, seen: /failed to run/ }]);
});
