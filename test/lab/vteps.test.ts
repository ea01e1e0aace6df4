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
      // The other way replies of full size are refused at first too, until host-a has learned of it, which a busy machine may take long for.
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
