import { once } from 'node:events';
import { execa } from 'execa';
import { findMachine } from '../../lib/lab/machine.js';
import { bridgeName } from '../../lib/model/names.js';
import { isVerified } from './documents.js';
import { type Document, onLab } from './harness.js';

const VMS = /^vms:[\s\S]*/m;
let vms = '';

/** Two-subnets without its VM: three VTEPs, and later the same with the VM. */
function withoutVms(text: string): string {
  vms = VMS.exec(text)?.[0] ?? '';
  return text.replace(VMS, '');
}

const LIBVIRT = 'pgrep -x "libvirtd|virtlogd" || true';

await onLab(
  'two-subnets',
  async (t, lab) => {
    const daemons = async (): Promise<string[][]> =>
      (await lab.succeed('lab', 'status', lab.file)).hosts.map((host: Document) =>
        host.daemons.map((daemon: Document) => daemon.name),
      );

    await t.test('a lab without VMs runs no libvirt, and nobody misses it', async (t) => {
      t.same(await daemons(), Array(3).fill(['ovsdb-server', 'ovs-vswitchd', 'sshd']));
      for (const { name } of lab.topology.hosts) t.equal(await lab.shell(name, LIBVIRT), '');
      t.same(
        (await lab.succeed('doctor', lab.file)).checks.filter((check: Document) => !check.ok),
        [],
      );
      t.not((await lab.apply()).changes.length, 0);
      t.same((await lab.apply()).changes, []);
      isVerified(t, await lab.succeed('verify', lab.file));
      t.equal((await lab.succeed('status', lab.file)).tunnels.length, 6);
    });

    await t.test('a server at the router is reached by TCP, and not only by ping', async (t) => {
      const { pid } = await findMachine(lab.name, 'router');
      const serve =
        "require('node:net').createServer((socket) => socket.end('x'.repeat(1e6))).listen(8080, () => " +
        "console.log('ready'))";
      const server = execa('nsenter', ['--target', String(pid), '--net', process.execPath, '--eval', serve], {
        reject: false,
      });
      t.teardown(() => server.kill());
      await once(server.stdout, 'data');
      for (const [host, gateway] of [
        ['host-a', '198.18.1.1'],
        ['host-b', '198.18.2.1'],
      ] as const)
        t.equal(Number(await lab.on(host, 'bash', '-c', `cat </dev/tcp/${gateway}/8080 | wc -c`)), 1e6, host);
    });

    await t.test(
      'what others do to our bridges and tunnels is named, and no frame is lost to it in silence',
      async (t) => {
        const bridge = bridgeName(lab.name, 'blue');
        await lab.shell(
          'host-a',
          `ovs-vsctl set-controller ${bridge} tcp:192.0.2.1:6653 -- set bridge ${bridge} rstp_enable=true ` +
            'mcast_snooping_enable=true',
        );
        const named = /a controller \(tcp:192\.0\.2\.1:6653\), which may replace its flows; .*RSTP.*snooping/;
        const { changes } = await lab.succeed('plan', lab.file);
        t.match(changes, [{ host: 'host-a', kind: 'bridge', name: bridge, action: 'update', why: named }]);
        const verified = await lab.run('verify', lab.file);
        t.match(
          verified.document.checks.find(({ name }: Document) => name === 'configuration of host-a'),
          { ok: false, seen: named },
        );
        await lab.apply();
        t.same((await lab.apply()).changes, []);
        t.equal(await lab.on('host-a', 'ovs-vsctl', 'get-controller', bridge), '');

        const tunnel = 'type=vxlan options:remote_ip=198.18.2.11 options:key=5001 options:local_ip=198.18.1.10';
        await lab.shell(
          'host-a',
          'ovs-vsctl add-br br-tun -- set bridge br-tun datapath_type=netdev -- add-port br-tun vx-hand -- set ' +
            `interface vx-hand ${tunnel}`,
        );
        const clash = { code: 'CLASH', where: 'host-a br-tun vx-hand', hint: /`ovs-vsctl del-port br-tun vx-hand`/ };
        for (const command of ['plan', 'apply', 'verify']) {
          const { exitCode, document } = await lab.run(command, lab.file);
          t.equal(exitCode, 1, command);
          t.match(document.error, clash, command);
        }
        const doctor = await lab.run('doctor', lab.file);
        t.match(
          doctor.document.checks.filter((check: Document) => !check.ok),
          [{ name: 'plan', seen: /vx-hand in the bridge br-tun on host-a/ }],
        );
        await lab.on('host-a', 'ovs-vsctl', 'del-br', 'br-tun');
        isVerified(t, await lab.succeed('verify', lab.file));
      },
    );

    await t.test('a tunnel that does not carry full-size packets is told, and one that carries none', async (t) => {
      await lab.shell('router', 'ip link set dev gw-right mtu 1400');
      const seen = async () => {
        const { exitCode, document } = await lab.run('verify', lab.file);
        t.equal(exitCode, 4);
        return document.checks
          .filter((check: Document) => !check.ok)
          .map((check: Document) => [check.name, check.seen]);
      };
      const smallOnly = 'it answers small packets, but none of 1500 bytes';
      // The other way replies of full size are refused at first too, until host-a has learned of it, which a busy
      // machine may take long for.
      const there = (await seen()).filter(([name]: [string]) => !/ → host-a$/.test(name));
      t.same(there, [
        ['tunnel host-a → host-b', smallOnly],
        ['tunnel host-a → host-c', smallOnly],
      ]);
      // What the router has told stays known to the kernel for ten minutes.
      await lab.shell('host-a', 'ip route flush cache');
      await lab.shell('router', 'ip link set dev gw-right mtu 1500 down');
      const ways = ['host-a → host-b', 'host-a → host-c', 'host-b → host-a', 'host-c → host-a'];
      t.same(
        await seen(),
        ways.map((way) => [`tunnel ${way}`, 'it does not answer']),
      );
      await lab.shell('router', 'ip link set dev gw-right up');
    });

    await t.test('with a VM in the file they need it, and another `lab up` brings it', async (t) => {
      await lab.edit((text) => text + vms);
      const { exitCode, document } = await lab.run('apply', lab.file);
      t.equal(exitCode, 1);
      t.match(document.error, { code: 'HOST_UNFIT', message: /has no libvirt/, hint: /lab up FILE/ });
      await lab.succeed('lab', 'up', lab.file);
      t.equal((await daemons())[0]?.length, 5);
      await lab.apply();
      isVerified(t, await lab.succeed('verify', lab.file));
    });

    await t.test('a VM that the file no longer has is found, and not overlooked while libvirt is down', async (t) => {
      await lab.edit((text) => text.replace(VMS, ''));
      const vmChanges = async () =>
        (await lab.succeed('plan', lab.file)).changes.filter((change: Document) => change.kind === 'vm');
      t.match(await vmChanges(), [{ host: 'host-a', name: 'web', action: 'delete' }]);
      await lab.shell('host-a', 'kill -KILL $(pgrep -x libvirtd)');
      const failed = await lab.run('plan', lab.file);
      t.equal(failed.exitCode, 1);
      t.match(failed.document.error, { code: 'COMMAND_FAILED', message: /virsh/ });
      await lab.succeed('lab', 'up', lab.file);
      t.match(await vmChanges(), [{ host: 'host-a', name: 'web', action: 'delete' }], '`lab up` has started it again');
      await lab.apply();
      t.same(await vmChanges(), []);
      t.same((await lab.succeed('destroy', lab.name)).ok, true);
    });
  },
  withoutVms,
);
