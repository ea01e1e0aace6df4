import { execa } from 'execa';
import { bridgeName, probeMac, tunnelPortName } from '../../lib/model/names.js';
import { isMigrated, isVerified, watchers } from './documents.js';
import { onLab } from './harness.js';
import { holding, holdings, sightOf, watchTraces } from './host-state.js';
import { isWhole, openStream } from './tcp-watch.js';
import { migrateWithoutLoss } from './without-loss.js';

const WEB = { ipv4: '10.9.0.1', ipv6: 'fd00:9::1', mac: '52:54:00:09:00:01' };
const WATCHERS = [`host-c web ${WEB.ipv4}`, `host-c web ${WEB.ipv6}`];

await onLab('two-subnets', async (t, lab) => {
  const untouched = await sightOf(lab);
  const web = (path: string) => lab.page('host-c', 'blue', `http://${WEB.ipv4}${path}`);
  let pattern = '';

  await t.test('validate finds nothing to say, and plan tells all that apply will do', async (t) => {
    t.equal((await lab.succeed('validate', lab.file)).ok, true);
    const plan = await lab.run('plan', lab.file, '--detailed-exitcode');
    t.equal(plan.exitCode, 2);
    t.ok(plan.document.changes.length > 0);
    t.same(await sightOf(lab), untouched, 'plan touches nothing');
    const applied = await lab.apply();
    t.same(applied.changes, plan.document.changes, 'apply does what was planned');
    t.match(applied, { ok: true, migrations: [] });
    for (const change of applied.changes) {
      t.match(change, { host: /^host-[abc]$/, kind: String, name: String, action: 'create', why: /./ });
    }
    t.same(await holdings(lab), holding(lab, { web: 'host-a' }));
  });

  await t.test('a second apply does nothing, and says so', async (t) => {
    t.same(await lab.apply(), { ok: true, changes: [], migrations: [] });
    const plan = await lab.run('plan', lab.file, '--detailed-exitcode');
    t.equal(plan.exitCode, 0);
    t.same(plan.document.changes, []);
    t.match((await lab.start('apply', lab.file)).stdout, /^Nothing to do/);
    const verified = await lab.succeed('verify', lab.file);
    isVerified(t, verified);
  });

  await t.test('the guest boots and serves', { timeout: 90_000 }, async (t) => {
    t.match(await web('/'), /^vxmig guest web\n/);
    pattern = (await web('/cgi-bin/pattern?size=16')).replace('sha256', 'expected').trim();
    t.match(pattern, /^expected [0-9a-f]{64}$/);
  });

  await t.test('web moves to another subnet while it is pinged and talked to over TCP', async (t) => {
    const streams = await Promise.all(
      [WEB.ipv4, WEB.ipv6].map((address) => openStream(t, lab, 'host-c', 'blue', address)),
    );
    const document = await migrateWithoutLoss(t, lab, 'web', { from: 'host-a', to: 'host-b' });
    const [ipv4, ipv6] = await Promise.all(streams.map((stream) => stream.end()));
    if (ipv4 === undefined || ipv6 === undefined) throw new Error('two streams, two ends');
    isWhole(t, ipv4, 'TCP over IPv4');
    isWhole(t, ipv6, 'TCP over IPv6');
    t.same(watchers(document), WATCHERS);
    t.same(
      document.convergence.hosts.map(({ host, expected }: Record<string, string>) => [host, expected]),
      ['host-a', 'host-b', 'host-c'].map((host) => [host, 'host-b']),
    );
  });

  await t.test('it runs once, the source keeps nothing, and its memory is what it was', async (t) => {
    t.same(await holdings(lab), holding(lab, { web: 'host-b' }));
    const checked = await web('/cgi-bin/check');
    t.match(checked, /^intact\n/);
    t.ok(checked.includes(pattern), 'the very sum that it had before');
  });

  await t.test('a late frame that reaches the old host is sent on to the new one', async (t) => {
    const bridge = bridgeName(lab.name, 'blue');
    const portOf = async (host: string, remote: string) =>
      (await lab.on(host, 'ovs-vsctl', 'get', 'interface', tunnelPortName(lab.name, 'blue', remote), 'ofport')).trim();
    const [fromC, toB] = [await portOf('host-a', 'host-c'), await portOf('host-a', 'host-b')];
    const sender = probeMac(lab.name, 'blue', 'host-c');
    const frame = `in_port=${fromC},dl_src=${sender},dl_dst=${WEB.mac},dl_type=0x0800,nw_dst=${WEB.ipv4}`;
    const trace = await lab.on('host-a', 'ovs-appctl', 'ofproto/trace', bridge, frame);
    const outputs = [...trace.matchAll(/-> output port is (\d+)/g)].map((output) => output[1]);
    t.same(outputs, [toB], 'to the new host, and nowhere else');

    // And a real one: 88b5 is IEEE's EtherType for local experiments, so nobody else sends it.
    const hex = `${WEB.mac}${sender}88b5`.replaceAll(':', '').padEnd(120, '0');
    const caught = lab.shell(
      'host-b',
      'exec timeout 20 tcpdump -lnn -c 1 -i "$(ip -brief link | sed -n "s/^\\(tap-[^ ]*\\).*/\\1/p")" ether ' +
        'proto 0x88b5 2>/tmp/tcpdump',
    );
    await lab.shell('host-b', 'timeout 20 sh -c "until grep -q listening /tmp/tcpdump; do sleep 0.1; done"');
    await lab.on('host-a', 'ovs-ofctl', 'packet-out', bridge, `in_port=${fromC} packet=${hex} actions=resubmit(,0)`);
    t.match(await caught, new RegExp(`${sender} > ${WEB.mac}`), 'it arrives at the new host’s tap');
    const learned = await lab.on('host-b', 'ovs-ofctl', '--names', 'dump-flows', bridge, `table=fdb,dl_dst=${sender}`);
    const seen = `load:0x${Number(await portOf('host-b', 'host-c')).toString(16)}->NXM_NX_REG1`;
    t.ok(learned.includes(seen), 'and the new host still knows where its sender is');
  });

  await t.test('the file still names the old host, and plan says so', async (t) => {
    const plan = await lab.run('plan', lab.file, '--detailed-exitcode');
    t.equal(plan.exitCode, 2);
    t.match(plan.document.changes, [{ kind: 'vm', name: 'web', action: 'migrate' }]);
    t.equal(plan.document.changes.length, 1);
  });

  await t.test('full-size packets pass from end to end; a byte more is refused at once', async (t) => {
    for (const [address, headers] of [
      [WEB.ipv4, 28],
      [WEB.ipv6, 48],
    ] as const) {
      const ping = (bytes: number) =>
        lab.fromProbe(
          'host-c',
          'blue',
          'ping',
          '-c',
          '5',
          '-i',
          '0.2',
          '-W',
          '2',
          '-M',
          'do',
          '-s',
          `${bytes}`,
          address,
        );
      t.match(await ping(1450 - headers), / [1-5] received/);
      await t.rejects(ping(1451 - headers), /message too long/);
    }
  });

  await t.test('and back again', async (t) => {
    const document = await migrateWithoutLoss(t, lab, 'web', { from: 'host-b', to: 'host-a' });
    t.same(watchers(document), WATCHERS);
    t.same(await holdings(lab), holding(lab, { web: 'host-a' }));
    t.match(await web('/cgi-bin/check'), /^intact\n/);
    isVerified(t, await lab.succeed('verify', lab.file));
    t.same((await lab.succeed('plan', lab.file)).changes, []);
  });

  await t.test('a changed `host:` in the file is a live migration, by apply', async (t) => {
    await lab.edit((text) => text.replace(/(web:\s+host: )host-a/, '$1host-b'));
    const stream = await openStream(t, lab, 'host-c', 'blue', WEB.ipv4);
    const document = await lab.apply();
    isWhole(t, await stream.end(), 'TCP');
    t.match(document.changes, [{ host: 'host-a', kind: 'vm', name: 'web', action: 'migrate', why: /host-b/ }]);
    t.equal(document.changes.length, 1);
    t.equal(document.migrations.length, 1);
    isMigrated(t, document.migrations[0], { vm: 'web', from: 'host-a', to: 'host-b' });
    t.same(await holdings(lab), holding(lab, { web: 'host-b' }));
    t.match(await web('/cgi-bin/check'), /^intact\n/);
    t.same(await lab.apply(), { ok: true, changes: [], migrations: [] });
  });

  await t.test('a migration to where the VM is, or to nowhere, is refused and nothing is touched', async (t) => {
    for (const to of ['host-b', 'host-z']) {
      const { exitCode, document } = await lab.run('migrate', lab.file, 'web', '--to', to);
      t.equal(exitCode, 3);
      t.match(document, { ok: false, error: { code: /^(NOT_FOUND|USAGE)$/, message: /host-[bz]/, hint: /./ } });
    }
    t.same(await holdings(lab), holding(lab, { web: 'host-b' }));
  });

  await t.test('destroy leaves each host as it was before the first apply', async (t) => {
    const { changes } = await lab.succeed('destroy', lab.file, '--yes');
    t.ok(changes.length > 0);
    t.same(await sightOf(lab), untouched);
    t.same((await lab.succeed('destroy', lab.file, '--yes')).changes, [], 'a second one finds nothing');
  });

  await t.test('lab down leaves nothing on the machine', async (t) => {
    const traces = await watchTraces(lab);
    t.not((await traces.left()).length, 0, 'there is something to remove');
    await lab.succeed('lab', 'down', lab.name);
    t.same(await traces.left(), []);
    t.notMatch((await execa('ip', ['netns', 'list'])).stdout, lab.name);
  });
});
