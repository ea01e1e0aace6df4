import { bridgeName, probePortName, tapName, tunnelPortName } from '../../lib/model/names.js';
import { isVerified } from './documents.js';
import { type Document, onLab } from './harness.js';
import { holding, holdings } from './host-state.js';

const MAC = '52:54:00:09:00:01';
const CHECKS_FAILED = 4;

await onLab('two-subnets', async (t, lab) => {
  const bridge = bridgeName(lab.name, 'blue');
  const tunnel = (to: string) => tunnelPortName(lab.name, 'blue', to);
  const tap = tapName(lab.name, 'web', 0);
  const ofport = async (host: string, port: string) =>
    Number(await lab.on(host, 'ovs-vsctl', 'get', 'interface', port, 'ofport'));
  /** The checks that fail, each with what was seen. */
  const failures = async () => {
    const { exitCode, document } = await lab.run('verify', lab.file);
    if (document?.checks === undefined) throw new Error(`verify checked nothing: ${JSON.stringify(document)}`);
    const failed = document.checks.filter((check: Document) => !check.ok);
    const named = failed.map((check: Document) => `${check.name}: ${check.seen}`);
    return { exitCode, document, failed, named: named.join('\n') };
  };

  await lab.apply();
  isVerified(t, await lab.succeed('verify', lab.file));

  /** What somebody has done to the hosts, and how verify must name it. */
  const damages: readonly { what: string; harm: () => Promise<unknown>; names: readonly RegExp[] }[] = [
    {
      what: 'a tunnel is deleted',
      harm: () => lab.on('host-c', 'ovs-vsctl', 'del-port', tunnel('host-a')),
      names: [/^configuration of host-c: .*tunnel.*host-a/m, /^host-c reaches web/m],
    },
    {
      what: 'a tunnel has another VNI',
      harm: () => lab.on('host-c', 'ovs-vsctl', 'set', 'interface', tunnel('host-a'), 'options:key=666'),
      names: [/^configuration of host-c: .*key=666/m, /^host-c reaches web/m],
    },
    {
      what: 'a tunnel leads elsewhere',
      harm: () => lab.on('host-c', 'ovs-vsctl', 'set', 'interface', tunnel('host-a'), 'options:remote_ip=198.18.1.99'),
      names: [/^configuration of host-c: .*198\.18\.1\.99/m, /^host-c reaches web/m],
    },
    {
      what: 'a flow drops everything',
      harm: () => lab.on('host-c', 'ovs-ofctl', 'add-flow', bridge, 'table=0,priority=60000,actions=drop'),
      names: [/^configuration of host-c: .*flows/m, /^host-c reaches web/m],
    },
    {
      what: 'a bridge has lost its flows',
      harm: () => lab.on('host-b', 'ovs-ofctl', 'del-flows', bridge),
      names: [/^configuration of host-b: .*flows/m],
    },
    {
      what: 'a NORMAL flow, which would make the mesh a storm',
      harm: () =>
        lab.on('host-b', 'ovs-ofctl', 'add-flow', bridge, 'table=deliver,priority=9,dl_type=0x88b5,actions=NORMAL'),
      names: [/^configuration of host-b: .*flows/m],
    },
    {
      what: 'a table has the VM where it is not',
      harm: async () => {
        const port = await ofport('host-b', tunnel('host-c'));
        const entry = `table=fdb,priority=1,cookie=0x767800ff00000000,hard_timeout=300,dl_dst=${MAC}`;
        await lab.on('host-b', 'ovs-ofctl', '--names', 'del-flows', bridge, `table=fdb,dl_dst=${MAC}`);
        const actions = `load:${port}->NXM_NX_REG1[0..15],load:1->NXM_NX_REG0[1]`;
        await lab.on('host-b', 'ovs-ofctl', '--names', 'add-flow', bridge, `${entry},actions=${actions}`);
      },
      names: [/^FDB of host-b for web in blue: host-c/m],
    },
    {
      what: 'the VM’s port is out of its bridge',
      harm: () => lab.on('host-a', 'ovs-vsctl', 'del-port', tap),
      names: [/^configuration of host-a: .*tap/m, /^host-c reaches web/m],
    },
    {
      what: 'the VM’s tap is down',
      harm: () => lab.on('host-a', 'ip', 'link', 'set', 'dev', tap, 'down'),
      names: [/^configuration of host-a: .*it is down/m, /^host-c reaches web/m],
    },
    {
      what: 'the probe’s MTU is too small',
      harm: () => {
        const name = probePortName(lab.name, 'blue', 'host-c');
        return lab.on('host-c', 'ip', '-n', name, 'link', 'set', 'dev', name, 'mtu', '1300');
      },
      names: [/^configuration of host-c: .*MTU is 1300/m, /^host-c reaches web.*none of 1450 bytes/m],
    },
    {
      what: 'the probe’s namespace is gone',
      harm: () => lab.on('host-c', 'ip', 'netns', 'delete', probePortName(lab.name, 'blue', 'host-c')),
      names: [/^configuration of host-c: .*probe/m, /^host-c reaches web/m],
    },
    {
      what: 'the VM is stopped',
      harm: () => lab.on('host-a', 'virsh', 'destroy', 'web'),
      names: [/^VM web: it does not run/m, /^host-c reaches web/m],
    },
  ];
  for (const { what, harm, names } of damages) {
    await t.test(`${what}: verify names it, and apply fixes it`, async (t) => {
      await harm();
      const { exitCode, document, failed, named } = await failures();
      t.equal(exitCode, CHECKS_FAILED);
      t.match(document, { ok: false, error: { code: 'CHECKS_FAILED' } });
      for (const name of names) t.match(named, name);
      for (const check of failed) t.match(check, { expected: /./, seen: /./, hint: /./ }, check.name);
      t.equal((await lab.apply()).ok, true);
      isVerified(t, await lab.succeed('verify', lab.file));
    });
  }

  await t.test('the underlay is not vxmig’s to fix, but verify tells where it is broken', async (t) => {
    await lab.shell('router', 'ip route add blackhole 198.18.2.10/32');
    const cut = await failures();
    t.equal(cut.exitCode, CHECKS_FAILED);
    t.match(cut.named, /^tunnel host-a → host-b: it does not answer/m);
    t.notMatch(cut.named, /^tunnel host-a → host-c/m, 'and only there');
    await lab.shell('router', 'ip route delete blackhole 198.18.2.10/32');

    await lab.shell('router', 'ip link set dev gw-left mtu 1400');
    const narrow = await failures();
    t.equal(narrow.exitCode, CHECKS_FAILED);
    t.match(narrow.named, /^tunnel host-a → host-b: .*small packets, but none of 1500/m);
    await lab.shell('router', 'ip link set dev gw-left mtu 1500');
    // The hosts have learned the path's MTU from the router (RFC 1191), and would remember it for ten minutes.
    for (const { name } of lab.topology.hosts) await lab.on(name, 'ip', 'route', 'flush', 'cache');
    isVerified(t, await lab.succeed('verify', lab.file));
    t.same(await holdings(lab), holding(lab, { web: 'host-a' }));
  });
});
