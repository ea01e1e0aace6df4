import type { Test } from 'tap';
import { findMachine } from '../../lib/lab/machine.js';
import { bridgeName, tapName, tunnelPortName } from '../../lib/model/names.js';
import { SCRIPT_STEPS } from '../../lib/model/plan-script.js';
import { isVerified } from './documents.js';
import { type Document, onLab } from './harness.js';
import { holding, holdings } from './host-state.js';

const CHANGES_PENDING = 2;
/** A match of a frame that nobody sends. */
const NEVER_MET = 'table=deliver,priority=9,dl_type=0x88b5';
/** As the lab starts it. */
const RESTART_SWITCH = `ovs-appctl -t ovs-vswitchd exit
while [ -e /run/openvswitch/ovs-vswitchd.pid ]; do sleep 0.1; done
ovs-vswitchd unix:/run/openvswitch/db.sock --pidfile --detach --no-chdir --disable-system-route \\
  -vconsole:off -vsyslog:off`;

await onLab('two-subnets', async (t, lab) => {
  const bridge = bridgeName(lab.name, 'blue');
  const tunnel = tunnelPortName(lab.name, 'blue', 'host-a');
  const toC = tunnelPortName(lab.name, 'blue', 'host-c');
  const tap = tapName(lab.name, 'web', 0);

  /** Runs what `plan --as-shell` prints, on every host, step by step. */
  const runScripts = async () => {
    const { shell } = await lab.succeed('plan', lab.file, '--as-shell');
    for (const step of SCRIPT_STEPS) {
      const own = shell.filter((section: Document) => section.step === step);
      await Promise.all(own.map(({ host, script }: Document) => lab.shell(host, `set -eu\n${script}`)));
    }
  };
  const isAsPlanned = async (t: Test) => {
    const { exitCode, document } = await lab.run('plan', lab.file, '--detailed-exitcode');
    t.same(document.changes, []);
    t.equal(exitCode, 0);
  };

  await t.test('the commands that plan prints do what apply would', async (t) => {
    await runScripts();
    await isAsPlanned(t);
    t.same(await holdings(lab), holding(lab, { web: 'host-a' }));
    // This waits for the guest.
    await lab.apply();
  });

  /** What people and accidents do to the hosts, several at a time, and what plan must say of each. */
  const rounds: readonly (readonly { what: string; harm: () => Promise<unknown>; names: RegExp }[])[] = [
    [
      {
        what: 'a tunnel is deleted',
        harm: () => lab.on('host-c', 'ovs-vsctl', 'del-port', tunnel),
        names: /^host-c create tunnel \S+: the tunnel to host-a .* is missing$/m,
      },
      {
        what: 'a tunnel leads elsewhere',
        harm: () => lab.on('host-b', 'ovs-vsctl', 'set', 'interface', tunnel, 'options:remote_ip=198.18.1.99'),
        names: /^host-b update tunnel \S+: .*remote_ip=198\.18\.1\.99, not .*remote_ip=198\.18\.1\.10/m,
      },
      {
        what: 'a tunnel has another VNI',
        harm: () => lab.on('host-a', 'ovs-vsctl', 'set', 'interface', toC, 'options:key=6'),
        names: /^host-a update tunnel \S+: .*key=6,.* not key=5001/m,
      },
      {
        what: 'a port asks for the number of another',
        harm: () => lab.on('host-a', 'ovs-vsctl', 'set', 'interface', tap, 'ofport_request=1'),
        names: /^host-a update tap \S+: ofportRequest is 1, not \d+$/m,
      },
      {
        what: 'a NORMAL flow',
        harm: () => lab.on('host-b', 'ovs-ofctl', 'add-flow', bridge, `${NEVER_MET},actions=NORMAL`),
        names: /^host-b update flows \S+: .*1 that do not belong there$/m,
      },
    ],
    [
      {
        what: 'a VM’s tap is renamed',
        harm: () => lab.shell('host-a', `ip link set dev ${tap} down && ip link set dev ${tap} name mytap`),
        names: /^host-a update tap-device \S+: it was renamed to mytap$/m,
      },
      {
        what: 'ovs-vswitchd is started anew elsewhere',
        harm: () => lab.shell('host-c', RESTART_SWITCH),
        names: /^host-c update probe-namespace .*: Open vSwitch has made its device anew/m,
      },
    ],
    [
      {
        what: 'a VM is stopped',
        harm: () => lab.on('host-a', 'virsh', 'destroy', 'web'),
        names: /^host-a update vm web: it is shut off$/m,
      },
      {
        what: 'ovs-vswitchd is started anew at its host',
        harm: () => lab.shell('host-a', RESTART_SWITCH),
        names: /^host-a update underlay br-phy: Open vSwitch lacks its routes: /m,
      },
    ],
    [
      {
        what: 'a whole host is started anew',
        harm: async () => {
          process.kill((await findMachine(lab.name, 'host-a')).pid, 'SIGKILL');
          await lab.succeed('lab', 'up', lab.file);
        },
        names: /^host-a create vm web: it is not defined here$/m,
      },
    ],
  ];
  for (const round of rounds) {
    const title = round.map(({ what }) => what).join(', ');
    await t.test(`${title}: plan names it, and one apply fixes it`, async (t) => {
      for (const { harm } of round) await harm();
      const { exitCode, document } = await lab.run('plan', lab.file, '--detailed-exitcode');
      t.equal(exitCode, CHANGES_PENDING);
      const said = document.changes.map(
        ({ host, action, kind, name, why }: Document) => `${host} ${action} ${kind} ${name}: ${why}`,
      );
      for (const { what, names } of round) t.match(said.join('\n'), names, what);
      const { changes } = await lab.apply();
      // Reasons tell how things are, and frames go on teaching the tables.
      const things = (list: Document) => list.map(({ why: _, ...thing }: Document) => thing);
      t.same(things(changes), things(document.changes), 'what plan shows is what apply does');
      await isAsPlanned(t);
      await lab.fromProbe('host-c', 'blue', 'ping', '-c', '1', '-w', '10', '10.9.0.1');
    });
  }

  await t.test('a guest that boots already is waited for', async (t) => {
    // As an apply that was killed leaves it.
    await lab.on('host-a', 'virsh', 'destroy', 'web');
    await lab.on('host-a', 'virsh', 'start', 'web');
    t.same((await lab.apply()).changes, []);
    await lab.fromProbe('host-c', 'blue', 'ping', '-c', '1', '-W', '1', '10.9.0.1');
  });

  await t.test('a migration by the printed commands', async (t) => {
    await lab.edit((text) => text.replace(/host: host-a\b/, 'host: host-b'));
    await runScripts();
    await isAsPlanned(t);
    t.same(await holdings(lab), holding(lab, { web: 'host-b' }));
    isVerified(t, await lab.succeed('verify', lab.file));
  });

  await t.test('with a switch that is down nothing is planned, for a plan would be false', async (t) => {
    await lab.on('host-c', 'pkill', '-KILL', '-x', 'ovs-vswitchd');
    const before = await holdings(lab);
    for (const words of [['plan'], ['plan', '--as-shell'], ['apply'], ['migrate', 'web', '--to', 'host-a']]) {
      const [command = '', ...options] = words;
      const { exitCode, document } = await lab.run(command, lab.file, ...options);
      t.equal(exitCode, 1, command);
      t.match(document.error, {
        code: 'HOST_UNFIT',
        where: 'host-c',
        message: /ovs-vswitchd/,
        hint: /systemctl start/,
      });
    }
    const { exitCode, document } = await lab.run('verify', lab.file);
    t.equal(exitCode, 4);
    t.match(document.checks, [{ name: 'switch of host-c', ok: false, hint: /systemctl start/ }]);
    t.same(await holdings(lab), before);
    await lab.succeed('lab', 'up', lab.file);
    await lab.apply();
    isVerified(t, await lab.succeed('verify', lab.file));
  });
});
