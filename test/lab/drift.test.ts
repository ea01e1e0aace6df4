import { findMachine } from '../../lib/lab/machine.js';
import { bridgeName, tapName, tunnelPortName } from '../../lib/model/names.js';
import { SCRIPT_STEPS } from '../../lib/model/plan-script.js';
import { isVerified } from './documents.js';
import { type Document, onLab } from './harness.js';
import { holding, holdings } from './host-state.js';

const CHANGES_PENDING = 2;
/** As the lab starts it. */
const RESTART_SWITCH = `ovs-appctl -t ovs-vswitchd exit
while [ -e /run/openvswitch/ovs-vswitchd.pid ]; do sleep 0.1; done
ovs-vswitchd unix:/run/openvswitch/db.sock --pidfile --detach --no-chdir --disable-system-route -vconsole:off -vsyslog:off`;

await onLab('two-subnets', async (t, lab) => {
  const bridge = bridgeName(lab.name, 'blue');
  const tunnel = tunnelPortName(lab.name, 'blue', 'host-a');
  const tap = tapName(lab.name, 'web', 0);

  /** Runs what `plan --as-shell` prints, on every host, step by step. */
  const runScripts = async () => {
    const { shell } = await lab.succeed('plan', lab.file, '--as-shell');
    for (const step of SCRIPT_STEPS) {
      const own = shell.filter((section: Document) => section.step === step);
      await Promise.all(own.map(({ host, script }: Document) => lab.shell(host, `set -eu\n${script}`)));
    }
  };
  const isAsPlanned = async () => {
    const { exitCode, document } = await lab.run('plan', lab.file, '--detailed-exitcode');
    t.same(document.changes, []);
    t.equal(exitCode, 0);
  };

  await t.test('the commands that plan prints do what apply would', async (t) => {
    await runScripts();
    await isAsPlanned();
    t.same(await holdings(lab), holding(lab, { web: 'host-a' }));
    // This waits for the guest.
    await lab.apply();
  });

  /** What somebody does to the hosts, and what plan must say of it. */
  const drifts: readonly { what: string; harm: () => Promise<unknown>; names: readonly RegExp[] }[] = [
    {
      what: 'a tunnel is deleted',
      harm: () => lab.on('host-c', 'ovs-vsctl', 'del-port', tunnel),
      names: [/^host-c create tunnel \S+: the tunnel to host-a .* is missing$/m],
    },
    {
      what: 'a tunnel leads elsewhere, with another VNI',
      harm: () =>
        lab.on('host-c', 'ovs-vsctl', 'set', 'interface', tunnel, 'options:remote_ip=198.18.1.99', 'options:key=6'),
      names: [
        /^host-c update tunnel \S+: .*remote_ip=198\.18\.1\.99, not .*remote_ip=198\.18\.1\.10/m,
        /key=6,.* not key=5001/,
      ],
    },
    {
      what: 'two ports ask for the same number',
      harm: () => lab.on('host-a', 'ovs-vsctl', 'set', 'interface', tap, 'ofport_request=1'),
      names: [/^host-a update tap \S+: ofportRequest is 1, not \d+$/m],
    },
    {
      what: 'a NORMAL flow',
      harm: () =>
        lab.on('host-b', 'ovs-ofctl', 'add-flow', bridge, 'table=deliver,priority=9,dl_type=0x88b5,actions=NORMAL'),
      names: [/^host-b update flows \S+: 1 that do not belong there$/m],
    },
    {
      what: 'the VM’s tap is renamed',
      harm: () => lab.shell('host-a', `ip link set dev ${tap} down && ip link set dev ${tap} name mytap`),
      names: [/^host-a update tap-device \S+: it was renamed to mytap$/m],
    },
    {
      what: 'the VM is stopped',
      harm: () => lab.on('host-a', 'virsh', 'destroy', 'web'),
      names: [/^host-a update vm web: it is shut off$/m],
    },
    {
      what: 'ovs-vswitchd is started anew',
      harm: () => lab.shell('host-a', RESTART_SWITCH),
      names: [/^host-a create flows /m, /^host-a update underlay br-phy: Open vSwitch lacks its routes: /m],
    },
    {
      what: 'the whole host is started anew',
      harm: async () => {
        process.kill((await findMachine(lab.name, 'host-a')).pid, 'SIGKILL');
        await lab.succeed('lab', 'up', lab.file);
      },
      names: [/^host-a create vm web: it is not defined here$/m, /^host-a create underlay /m],
    },
  ];
  for (const { what, harm, names } of drifts) {
    await t.test(`${what}: plan names it, and one apply mends it`, async (t) => {
      await harm();
      const { exitCode, document } = await lab.run('plan', lab.file, '--detailed-exitcode');
      t.equal(exitCode, CHANGES_PENDING);
      const said = document.changes.map(
        ({ host, action, kind, name, why }: Document) => `${host} ${action} ${kind} ${name}: ${why}`,
      );
      for (const name of names) t.match(said.join('\n'), name);
      const { changes } = await lab.apply();
      t.same(changes, document.changes, 'what plan shows is what apply does');
      await isAsPlanned();
      await lab.fromProbe('host-c', 'blue', 'ping', '-c', '1', '-w', '10', '10.9.0.1');
    });
  }

  await t.test('a migration by the printed commands', async (t) => {
    await lab.edit((text) => text.replace(/host: host-a\b/, 'host: host-b'));
    await runScripts();
    await isAsPlanned();
    t.same(await holdings(lab), holding(lab, { web: 'host-b' }));
    isVerified(t, await lab.succeed('verify', lab.file));
  });
});
