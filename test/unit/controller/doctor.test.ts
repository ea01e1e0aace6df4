import t from 'tap';
import { doctor } from '../../../lib/controller/doctor.js';
import { VxmigError } from '../../../lib/model/errors.js';
import type { Topology } from '../../../lib/model/topology.js';
import { topologyOf } from '../plan/hosts.js';
import { fitHosts, fitness } from './fit-host.js';
import type { ScriptedShell } from './scripted-shell.js';

const TOPOLOGY = topologyOf();

function asked(topology: Topology = TOPOLOGY, away: readonly string[] = []) {
  const shells = fitHosts(topology);
  const shell = (name: string): ScriptedShell => {
    const found = shells.get(name);
    if (found === undefined) throw new Error(`no host ${name}`);
    return found;
  };
  const open = async (name: string) => {
    if (away.includes(name)) throw new VxmigError('SSH_CONNECT', `${name} is silent`, { hint: 'look there' });
    return shell(name);
  };
  const run = async (signal = new AbortController().signal) => await doctor(topology, { emit: () => {}, signal, open });
  const failed = async () => (await run()).filter(({ ok }) => !ok);
  return { shells, shell, run, failed };
}

t.test('hosts that have all: every host, every pair both ways, and a plan; every connection is closed', async (t) => {
  const { run, shells } = asked();
  const checks = await run();
  t.strictSame(
    checks.filter(({ ok }) => !ok),
    [],
  );
  const names = checks.map(({ name }) => name);
  for (const host of ['host-a', 'host-b', 'host-c'])
    for (const what of ['SSH', 'QEMU', 'free memory', 'clock', 'acceleration'])
      t.ok(names.includes(`${host}: ${what}`), `${host}: ${what}`);
  t.equal(names.filter((name) => name.startsWith('path MTU ')).length, 6);
  t.match(checks.find(({ name }) => name === 'plan')?.seen, /^nothing is in the way; \d+ changes to make$/);
  for (const { name, isClosed } of shells.values()) t.ok(isClosed, name);
});

t.test('a host that is not reached is one failed check, and the others are asked as ever', async (t) => {
  const { run, failed } = asked(TOPOLOGY, ['host-b']);
  t.strictSame(await failed(), [
    {
      name: 'host-b: SSH',
      expected: 'root@198.18.2.10:22 lets us in',
      ok: false,
      seen: 'host-b is silent',
      hint: 'look there',
    },
  ]);
  const names = (await run()).map(({ name }) => name);
  t.equal(names.filter((name) => name.startsWith('path MTU ')).length, 2);
  t.notOk(names.includes('plan'), 'of some hosts no plan is made');
});

t.test('what one host lacks fails there and nowhere else', async (t) => {
  const { failed, shell } = asked();
  shell('host-c').on(/section ovsdb/, fitness('host-c').replace('fping: Version 5.1', ''));
  t.match(await failed(), [{ name: 'host-c: fping', hint: 'apt-get install fping' }]);
  shell('host-c').on(/section ovsdb/, fitness('host-c'));
  shell('host-a').on(/^sh -s -- kvm 20 /, 'qemu: boo\n');
  t.match(await failed(), [{ name: 'host-a: acceleration', seen: /boo/ }]);
});

t.test('a host without /dev/kvm boots its guest with TCG, one without QEMU boots none', async (t) => {
  const { run, shell } = asked();
  shell('host-a').on(/section ovsdb/, fitness('host-a').replace('kvm\nyes', 'kvm\n'));
  shell('host-b').on(/section ovsdb/, fitness('host-b').replace('QEMU emulator version 10.0.2', ''));
  await run();
  const boots = (name: string) =>
    shell(name)
      .ran(/^sh -s -- (kvm|tcg) 20 /)
      .map((line) => line.split(' ')[3]);
  t.strictSame([boots('host-a'), boots('host-b'), boots('host-c')], [['tcg'], [], ['kvm']]);
});

t.test('without VMs neither guests nor libvirt are asked for', async (t) => {
  const { run, shells } = asked({ ...TOPOLOGY, vms: [], probes: [] });
  await run();
  for (const shell of shells.values()) t.strictSame(shell.ran(/^sh -s -- (kvm|tcg)|^timeout 25 virsh/), [], shell.name);
});

t.test('two names of one machine are refused, and whoever is not root is told so', async (t) => {
  const client = {
    identityFiles: [],
    identitiesOnly: false,
    agent: null,
    hostKeyAlias: null,
    jumps: [],
    unsupported: [],
  };
  const ssh = { address: '192.0.2.7', port: 22, user: 'root', identityFile: null, hostKey: null, client };
  const real = { ...TOPOLOGY, hosts: TOPOLOGY.hosts.map((host) => ({ ...host, ssh })) };
  const { run, failed, shell, shells } = asked(real);
  const id = (digit: number) => `6c1b7b5e-0000-4000-8000-00000000000${digit}\nnet:[1]\n`;
  [...shells.values()].forEach((one, index) => {
    one.on(/^sh -c id -u;/, `0\nroot\n${id(index)}`);
  });
  t.strictSame(await failed(), []);
  shell('host-b').on(/^sh -c id -u;/, `1000\nadmin\n${id(1)}`);
  t.match(await failed(), [{ name: 'host-b: SSH', seen: /needs root on host-b, and is admin/ }]);
  shell('host-b').on(/^sh -c id -u;/, `0\nroot\n${id(0)}`);
  await t.rejects(run(), { code: 'TOPOLOGY_INVALID', message: /^host-a and host-b are one machine/ });
  for (const { name, isClosed } of shells.values()) t.ok(isClosed, name);
});

t.test('an interrupt ends it, and closes what was opened', async (t) => {
  const { run, shells } = asked();
  await t.rejects(run(AbortSignal.abort(new Error('interrupted'))), { message: 'interrupted' });
  for (const { name, isClosed, asked: lines } of shells.values()) {
    t.ok(isClosed, name);
    t.strictSame(lines, [], name);
  }
});
