import { bridgeName, flowTunnelPortName } from '../../lib/model/names.js';
import { isMigrated, isVerified, watchers } from './documents.js';
import { eventually } from './eventually.js';
import { type Document, onLab } from './harness.js';
import { holding, holdings, sightOf } from './host-state.js';
import { isWhole, openStream } from './tcp-watch.js';

const WEB = '10.9.0.1';
const VTEP_OF_A = '198.18.1.10';
const STRANGER = '198.18.2.99';
const CHANGES_PENDING = 2;

await onLab('two-subnets', async (t, lab) => {
  const untouched = await sightOf(lab);
  const bridge = bridgeName(lab.name, 'blue');
  const tunnel = flowTunnelPortName(lab.name, 'blue');
  const mesh = (kind: string) =>
    lab.edit((text) => text.replace(/^( +)(mesh: \w+\n +)?mtu: /m, `$1mesh: ${kind}\n$1mtu: `));
  /** The far ends of each host's tunnel ports, as the switch has them. */
  const farEnds = async (host: string) => {
    const options = await lab.on(host, 'ovs-vsctl', '--bare', '--columns=options', 'find', 'interface', 'type=vxlan');
    return [...options.matchAll(/remote_ip=(\S+)/g)].map((found) => found[1]).sort();
  };
  const isSettled = async () => {
    t.same(await lab.apply(), { ok: true, changes: [], migrations: [] }, 'a second apply finds nothing to do');
    isVerified(t, (await lab.run('verify', lab.file)).document);
  };

  await t.test('each host has one tunnel port, and reaches the others by it', async (t) => {
    await mesh('flow');
    await lab.apply();
    for (const host of ['host-a', 'host-b', 'host-c']) t.same(await farEnds(host), ['flow'], host);
    await isSettled();
    const { tunnels } = await lab.succeed('status', lab.file);
    const known = (host: string) => tunnels.filter((one: Document) => one.host === host);
    t.match(known('host-a'), [
      { port: tunnel, remoteHost: 'host-b', remoteIp: '198.18.2.10', vni: '5001', ready: true },
      { port: tunnel, remoteHost: 'host-c', remoteIp: '198.18.2.11', vni: '5001', ready: true },
    ]);
  });

  await t.test('a VM moves there and back, with what is sent ahead, and every table follows', async (t) => {
    for (const [from, to] of [
      ['host-a', 'host-b'],
      ['host-b', 'host-a'],
    ] as const) {
      const stream = await openStream(t, lab, 'host-c', 'blue', WEB);
      const document = await lab.migrate('web', to);
      isWhole(t, await stream.end(), 'TCP');
      isMigrated(t, document, { vm: 'web', from, to });
      t.same(watchers(document).length, 2);
      t.same(
        document.convergence.hosts.map(({ host, seen }: Document) => [host, seen]),
        ['host-a', 'host-b', 'host-c'].map((host) => [host, to]),
      );
      t.ok(
        document.certificate.hosts.every(({ traces }: Document) => traces.every(({ ok }: Document) => ok)),
        'each switch was asked what it does with frames for it',
      );
      const lost = document.ping.map((ping: Document) => ping.lost);
      t.comment(`${from} → ${to}: ${lost.join(' and ')} pings lost, downtime ${document.transfer.downtimeMs} ms`);
      t.same(await holdings(lab), holding(lab, { web: to }));
    }
  });

  await t.test('what comes from an endpoint that the network does not have is dropped and counted', async (t) => {
    const nobody = (last: string) => `02:00:00:00:00:${last}`;
    /** A VXLAN packet (RFC 7348 §5) with a broadcast in it, as host-b sends it. */
    const send = async (source: string) => {
      const frame = `${'f'.repeat(12)}${source.replaceAll(':', '')}88b5`.padEnd(120, '0');
      const packet = `08000000${(5001).toString(16).padStart(6, '0')}00${frame}`.replaceAll(/../g, '\\x$&');
      await lab.on('host-b', 'bash', '-c', `printf '${packet}' >/dev/udp/${VTEP_OF_A}/4789`);
    };
    const learned = () => lab.on('host-a', 'ovs-ofctl', 'dump-flows', bridge, 'table=50');
    const counted = async () => {
      const { drops } = await lab.succeed('status', lab.file);
      return drops.find(({ host, reason }: Document) => host === 'host-a' && reason === 'endpoint');
    };
    t.equal(await counted(), undefined);
    const route = `${VTEP_OF_A} via 198.18.2.1 src ${STRANGER}`;
    await lab.shell('host-b', `ip address add ${STRANGER}/32 dev br-phy && ip route add ${route}`);
    await send(nobody('66'));
    await lab.shell('host-b', `ip route del ${route} && ip address del ${STRANGER}/32 dev br-phy`);
    await send(nobody('77'));
    await eventually('it is counted', async () => (await counted()) !== undefined);
    t.match(await counted(), { network: 'blue', vm: null, packets: 1, says: /endpoint/ });
    const table = await learned();
    t.match(table, nobody('77'), 'the same from a host that it has is taken');
    t.notMatch(table, nobody('66'), 'and nobody is learned to live there');
  });

  await t.test('what is changed by hand is named, and one apply fixes it', async (t) => {
    await lab.on('host-b', 'ovs-vsctl', 'set', 'interface', tunnel, 'options:remote_ip=198.18.2.11');
    await lab.on('host-c', 'ovs-vsctl', 'del-port', tunnel);
    const accepted = `table=classify,tun_src=198.18.2.11`;
    await lab.on('host-a', 'ovs-ofctl', '--names', 'del-flows', bridge, accepted);
    const { exitCode, document } = await lab.run('plan', lab.file, '--detailed-exitcode');
    t.equal(exitCode, CHANGES_PENDING);
    const said = document.changes
      .map(({ host, action, kind, why }: Document) => `${host} ${action} ${kind}: ${why}`)
      .join('\n');
    t.match(said, /^host-b update tunnel: .*remote_ip=198\.18\.2\.11, not .*remote_ip=flow/m);
    t.match(said, /^host-c create tunnel: /m);
    t.match(said, /^host-a update flows: 1 missing/m);
    await lab.apply();
    await isSettled();
  });

  await t.test(
    'the network of a running VM goes over to tunnels of their own, and back while the VM moves',
    async (t) => {
      await mesh('full');
      await lab.apply();
      t.same(await farEnds('host-a'), ['198.18.2.10', '198.18.2.11']);
      await isSettled();
      await mesh('flow');
      await lab.edit((text) => text.replace(/host: host-a\b/, 'host: host-b'));
      const { migrations } = await lab.apply();
      t.match(migrations, [{ vm: 'web', outcome: 'migrated', convergence: { converged: true } }]);
      t.same(await farEnds('host-a'), ['flow']);
      await isSettled();
      t.same(await holdings(lab), holding(lab, { web: 'host-b' }));
    },
  );

  await t.test('destroy leaves each host as it was', async (t) => {
    await lab.succeed('destroy', lab.file, '--yes');
    t.same(await sightOf(lab), untouched);
  });
});
