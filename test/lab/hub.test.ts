import { isMigrated, isVerified, watchers } from './documents.js';
import { onLab } from './harness.js';
import { holding, holdings } from './host-state.js';
import { isWhole, openStream } from './tcp-watch.js';

await onLab('hub', async (t, lab) => {
  await lab.apply();

  await t.test('spokes have a tunnel to the hub only', async (t) => {
    const remotes = async (host: string) => {
      const output = await lab.on(host, 'ovs-vsctl', '--bare', '--columns=options', 'find', 'interface', 'type=vxlan');
      return [...output.matchAll(/remote_ip=(\S+)/g)].map((match) => match[1]).sort();
    };
    t.same(await remotes('host-a'), ['198.18.2.10', '198.18.3.10']);
    t.same(await remotes('host-b'), ['198.18.1.10']);
    t.same(await remotes('host-c'), ['198.18.1.10']);
  });

  for (const [from, to] of [
    ['host-b', 'host-c'],
    ['host-c', 'host-b'],
    ['host-b', 'host-a'],
    ['host-a', 'host-b'],
  ] as const) {
    await t.test(`web moves from ${from} to ${to}, seen from the hub and from a spoke`, async (t) => {
      const stream = await openStream(t, lab, 'host-c', 'blue', '10.9.0.1');
      const document = await lab.migrate('web', to);
      isWhole(t, await stream.end(), 'TCP from a spoke');
      isMigrated(t, document, { vm: 'web', from, to });
      t.same(watchers(document), ['host-a web 10.9.0.1', 'host-c web 10.9.0.1']);
      // A spoke sees all that is not its own behind the hub.
      const expected = {
        'host-a': to,
        'host-b': to === 'host-b' ? to : 'host-a',
        'host-c': to === 'host-c' ? to : 'host-a',
      };
      t.same(
        Object.fromEntries(document.convergence.hosts.map((host: Record<string, string>) => [host.host, host.seen])),
        expected,
      );
      t.same(await holdings(lab), holding(lab, { web: to }));
    });
  }

  await t.test('all is as the file says', async (t) => {
    isVerified(t, await lab.succeed('verify', lab.file));
    t.same(await lab.apply(), { ok: true, changes: [], migrations: [] });
  });
});
