import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import t from 'tap';
import { labSshSettings } from '../../lib/lab/connect.js';
import { labDown } from '../../lib/lab/down.js';
import { labExec } from '../../lib/lab/exec.js';
import { labList } from '../../lib/lab/list.js';
import { whyNoLab } from '../../lib/lab/preflight.js';
import { labStatus } from '../../lib/lab/status.js';
import { labUp } from '../../lib/lab/up.js';
import type { LabEvent } from '../../lib/model/lab-event.js';
import { twoSubnets, withVm } from './lab-topology.js';
import { linkNames, tracesOf } from './traces.js';

const A = 'host-a';
const B = 'host-with-a-long-name-b';
const quiet = (): void => undefined;
const name = (role: string): string => `t${process.pid}-${role}`;

// Labs of real daemons on a machine that may be busy with others.
t.setTimeout(300_000);

const why = await whyNoLab(twoSubnets(name('none')));
if (why !== null) t.plan(0, why);
else await tests();

async function receiveBuffer(): Promise<number> {
  return Number(await readFile('/proc/sys/net/core/rmem_default', 'utf8'));
}

async function tests(): Promise<void> {
  await t.test('a lab: up, up again, used, damaged, fixed, down', async (t) => {
    const lab = name('one');
    const topology = withVm(twoSubnets(lab, { rate: '200mbit', delayMs: 5 }));
    t.teardown(() => labDown(lab, quiet).catch(quiet));
    const alone = (await labList()).length === 0;
    const bufferBefore = await receiveBuffer();
    const linksBefore = new Set(await linkNames());
    const events: LabEvent[] = [];
    const state = await labUp(topology, (event) => events.push(event));
    const devices = new Set((await linkNames()).filter((link) => !linksBefore.has(link)));
    t.ok(devices.has(state.management.bridge), 'the management bridge is in the root namespace');

    await t.test('every daemon of every host answers', async (t) => {
      const status = await labStatus(lab);
      t.equal(status.healthy, true);
      for (const host of status.hosts) {
        t.same(
          host.daemons.map((daemon) => [daemon.name, daemon.answers]),
          ['ovsdb-server', 'ovs-vswitchd', 'sshd', 'virtlogd', 'libvirtd'].map((daemon) => [daemon, true]),
        );
      }
      t.ok((await labList()).some((summary) => summary.name === lab && summary.phase === 'up'));
    });

    await t.test('shaping that the kernel lacks is told, and stands in the status', async (t) => {
      const probe = await execa(
        'unshare',
        ['--net', 'tc', 'qdisc', 'add', 'dev', 'lo', 'root', 'netem', 'delay', '1ms'],
        {
          reject: false,
        },
      );
      const warned = events.some((event) => event.kind === 'lab-warning' && event.warning.code === 'delay-unavailable');
      t.equal(warned, probe.failed);
      t.equal(
        (await labStatus(lab)).warnings.some(({ code }) => code === 'delay-unavailable'),
        probe.failed,
      );
    });

    await t.test('packet sockets hold what a tap does', async (t) => {
      t.ok((await receiveBuffer()) >= 1024 * 1024);
    });

    await t.test('a second up finds nothing to do', async (t) => {
      const pids = (await labStatus(lab)).hosts.map((host) => host.pid);
      const again: LabEvent[] = [];
      await labUp(topology, (event) => again.push(event));
      t.match(again.at(-1), { kind: 'lab-up', changed: false });
      t.same(
        again.filter((event) => event.kind === 'lab-daemon-started'),
        [],
      );
      t.same(
        (await labStatus(lab)).hosts.map((host) => host.pid),
        pids,
      );
    });

    await t.test('another topology of that name is refused', async (t) => {
      const other = { ...topology, hosts: topology.hosts.slice(0, 1) };
      await t.rejects(labUp(other, quiet), { code: 'CLASH' });
    });

    const ssh = (host: string, ...command: string[]) =>
      execa('ssh', ['-F', `/run/vxmig/labs/${lab}/ssh/config`, '-o', 'BatchMode=yes', host, ...command]);

    await t.test('the controller and the hosts reach each other over SSH without a question', async (t) => {
      t.equal((await ssh(A, 'hostname')).stdout, A);
      t.equal((await ssh(A, `ssh -o BatchMode=yes ${B} hostname`)).stdout, B);
      t.equal((await ssh(A, `ssh -o BatchMode=yes ${B}-vtep hostname`)).stdout, B, 'over the underlay too');
      t.equal((await ssh(B, `virsh -c qemu+ssh://root@${A}/system hostname`)).stdout.trim(), A);
    });

    await t.test('the settings for ssh2 name the key that the host truly has', async (t) => {
      const settings = (await labSshSettings(lab)).get(B);
      const { stdout } = await ssh(B, 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub');
      t.equal(settings?.hostKey, stdout.split(' ')[1]);
    });

    await t.test(
      'hosts reach each other across the router, in both families, at the MTU of each segment',
      async (t) => {
        await ssh(A, 'ping -c 1 -W 2 198.18.2.10');
        await ssh(A, 'ping -c 1 -W 2 fd00:18:2::10');
        t.match((await ssh(B, 'cat /sys/class/net/eth0/mtu')).stdout, '1600');
        t.match((await ssh(B, 'ip -4 route get 198.18.1.10')).stdout, 'via 198.18.2.1 dev eth0');
        t.match((await ssh(A, 'ethtool -k eth0')).stdout, /tx-checksumming: off/);
      },
    );

    await t.test('a host cannot write to the machine', async (t) => {
      const written = await execa(
        'ssh',
        ['-F', `/run/vxmig/labs/${lab}/ssh/config`, A, 'touch /usr/vxmig-test /var/lib/vxmig-test'],
        {
          reject: false,
        },
      );
      t.match(written.stderr, /Read-only file system/);
      t.notOk(
        (await ssh(A, 'ls /dev')).stdout.split('\n').some((device) => ['vda', 'sda', 'mem', 'kvm'].includes(device)),
      );
      await ssh(A, 'touch /etc/x /root/x /tmp/x /run/x /var/log/x /var/lib/libvirt/x /var/lib/openvswitch/x');
    });

    await t.test('exec runs inside hosts and the router, and hands the exit status on', async (t) => {
      t.equal(await labExec(lab, A, ['sh', '-c', `[ "$(hostname)" = ${A} ] && exit 7`]), 7);
      t.equal(await labExec(lab, 'router', ['sh', '-c', 'exit $(cat /proc/sys/net/ipv4/ip_forward)']), 1);
      t.equal(await labExec(lab, A, ['sh', '-c', 'kill -TERM $$']), 143);
      await t.rejects(labExec(lab, 'host-z', ['true']), { code: 'NOT_FOUND', hint: /host-a/ });
    });

    await t.test(
      'up starts a daemon that died, and leaves an address that moved to a bridge where it is',
      async (t) => {
        await ssh(
          A,
          'ip link add br-phy type bridge; ip link set br-phy up; ip addr del 198.18.1.10/24 dev eth0; ip addr ' +
            'add 198.18.1.10/24 dev br-phy',
        );
        await ssh(A, 'kill -KILL $(cat /run/libvirtd.pid)');
        t.equal((await labStatus(lab)).healthy, false);
        const again: LabEvent[] = [];
        await labUp(topology, (event) => again.push(event));
        const started = again.flatMap((event) => (event.kind === 'lab-daemon-started' ? [event.daemon] : []));
        t.same(started, ['libvirtd']);
        t.notMatch((await ssh(A, 'ip -br addr show eth0')).stdout, '198.18.1.10');
        t.equal((await labStatus(lab)).healthy, true);
      },
    );

    await t.test('up builds a host again that died, under the same keys', async (t) => {
      const before = await labStatus(lab);
      const pid = before.hosts.find((host) => host.name === A)?.pid;
      t.type(pid, 'number');
      process.kill(Number(pid), 'SIGKILL');
      await labUp(topology, quiet);
      t.equal((await labStatus(lab)).healthy, true);
      t.equal((await ssh(B, `ping -c 1 -W 2 198.18.1.10 >/dev/null && ssh -o BatchMode=yes ${A} hostname`)).stdout, A);
    });

    await t.test('up builds the router again, and joins the living hosts to it', async (t) => {
      const { router, hosts } = await labStatus(lab);
      process.kill(Number(router.pid), 'SIGKILL');
      await labUp(topology, quiet);
      const after = await labStatus(lab);
      t.same(
        after.hosts.map((host) => host.pid),
        hosts.map((host) => host.pid),
      );
      await ssh(A, 'ping -c 1 -W 2 198.18.2.10');
    });

    await t.test('down leaves nothing', async (t) => {
      const report = await labDown(lab, quiet);
      t.same(report.left, []);
      t.same(await tracesOf(lab, devices), []);
      await t.rejects(labDown(lab, quiet), { code: 'NOT_FOUND' });
      await t.rejects(labStatus(lab), { code: 'NOT_FOUND' });
      if (alone) t.equal(await receiveBuffer(), bufferBefore, 'the machine has its setting back');
    });
  });

  await t.test('two labs with the same addresses live side by side', async (t) => {
    const labs = [name('left'), name('right')];
    t.teardown(() => Promise.all(labs.map((lab) => labDown(lab, quiet).catch(quiet))));
    const states = await Promise.all(labs.map((lab) => labUp(twoSubnets(lab), quiet)));
    t.not(states[0]?.management.cidr, states[1]?.management.cidr);
    t.not(states[0]?.management.bridge, states[1]?.management.bridge);
    for (const lab of labs) {
      t.equal((await labStatus(lab)).healthy, true);
      await execa('ssh', ['-F', `/run/vxmig/labs/${lab}/ssh/config`, A, 'ping -c 1 -W 2 198.18.2.10']);
    }
    await labDown(labs[0] ?? '', quiet);
    t.equal((await labStatus(labs[1] ?? '')).healthy, true, 'one going does not touch the other');
  });

  for (const moment of ['lab-started', 'lab-machine-starting host-a', 'lab-daemon-started']) {
    await t.test(`up killed at "${moment}": down by name alone leaves nothing`, async (t) => {
      const lab = name('killed');
      t.teardown(() => labDown(lab, quiet).catch(quiet));
      const linksBefore = new Set(await linkNames());
      await killUpAt(lab, moment);
      const devices = new Set((await linkNames()).filter((link) => !linksBefore.has(link)));
      // The files are lost as well: the processes tell whose they are.
      // Where logs are mounted the directory itself stays.
      if (moment === 'lab-daemon-started') await execa('rm', ['-rf', `/run/vxmig/labs/${lab}`], { reject: false });
      t.not((await tracesOf(lab, devices)).length, 0, 'there is something to remove');
      t.same((await labDown(lab, quiet)).left, []);
      t.same(await tracesOf(lab, devices), []);
    });
  }

  await t.test('up killed in the middle: the next up completes it', async (t) => {
    const lab = name('resumed');
    t.teardown(() => labDown(lab, quiet).catch(quiet));
    await killUpAt(lab, 'lab-daemon-started');
    await labUp(twoSubnets(lab), quiet);
    t.equal((await labStatus(lab)).healthy, true);
  });

  await t.test('up interrupted by its signal takes back what it made', async (t) => {
    const lab = name('aborted');
    t.teardown(() => labDown(lab, quiet).catch(quiet));
    const abort = new AbortController();
    const up = labUp(twoSubnets(lab), (event) => event.kind === 'lab-daemon-started' && abort.abort(), {
      signal: abort.signal,
    });
    await t.rejects(up, { code: 'INTERRUPTED', message: /was removed/ });
    t.same(await tracesOf(lab, new Set()), []);
  });

  await t.test('two ups of one lab at the same time: the second is told so', async (t) => {
    const lab = name('locked');
    t.teardown(() => labDown(lab, quiet).catch(quiet));
    const results = await Promise.allSettled([labUp(twoSubnets(lab), quiet), labUp(twoSubnets(lab), quiet)]);
    const refused = results.filter((result) => result.status === 'rejected');
    t.match(refused, [{ reason: { code: 'LOCKED' } }]);
  });

  await t.test('names that reach out of the lab directory are refused', async (t) => {
    for (const wrong of ['..', '../two', 'a/b', '']) await t.rejects(labDown(wrong, quiet), { code: 'NOT_FOUND' });
  });
}

/** Runs `up` in a process of its own and kills it as soon as it tells of the given event. */
async function killUpAt(lab: string, moment: string): Promise<void> {
  const script = fileURLToPath(new URL('./up-process.js', import.meta.url));
  const child = spawn(process.execPath, [script, lab], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith(moment)) child.kill('SIGKILL');
  }
  await ended;
}
