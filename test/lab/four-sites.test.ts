import type { Test } from 'tap';
import { bridgeName, probeMac } from '../../lib/model/names.js';
import { isMigrated, isVerified, watchers } from './documents.js';
import { onLab, type TestLab } from './harness.js';
import { holding, holdings } from './host-state.js';
import { isWhole, openStream } from './tcp-watch.js';
import { migrateWithoutLoss } from './without-loss.js';

/** Both tenants have 10.9.0.1; 10.9.0.2 is red's alone. */
const VMS = { app: '52:54:00:09:01:01', client: '52:54:00:09:01:02', db: '52:54:00:09:02:01' };
const MEMBERS: Readonly<Record<string, { readonly vms: readonly string[]; readonly probes: readonly string[] }>> = {
  red: { vms: [VMS.app, VMS.client], probes: ['host-a', 'host-b', 'host-d'] },
  blue: { vms: [VMS.db], probes: ['host-c'] },
};

/** Every probe of the file, whichever VM moves. */
const WATCHERS = ['client app', 'host-a app', 'host-b app', 'host-c db', 'host-d app'].map(
  (pair) => `${pair} 10.9.0.1`,
);

await onLab('four-sites', async (t, lab) => {
  await lab.apply();

  await t.test('the same address is another VM in each network', async (t) => {
    t.match(await lab.page('host-a', 'red', 'http://10.9.0.1/'), /^vxmig guest app\n/);
    t.match(await lab.page('host-c', 'blue', 'http://10.9.0.1/'), /^vxmig guest db\n/);
    t.match(await lab.page('host-a', 'red', 'http://10.9.0.2/'), /^vxmig guest client\n/);
  });

  await t.test('an address of the other network does not answer', async (t) => {
    await isSilent(t, lab, 'host-c', 'blue', '10.9.0.2');
    t.match(await lab.page('host-d', 'red', 'http://10.9.0.2/'), /client/, 'while it does in its own');
    await isolated(t, lab);
  });

  const moves = [
    { vm: 'app', from: 'host-a', to: 'host-b', why: 'from one watcher to another' },
    { vm: 'app', from: 'host-b', to: 'host-d', why: 'to the host where the other tenant’s VM has its address' },
    { vm: 'db', from: 'host-d', to: 'host-a', why: 'past app, in the other network' },
    { vm: 'client', from: 'host-c', to: 'host-a', why: 'the watching VM itself' },
  ];
  const places: Record<string, string> = { app: 'host-a', client: 'host-c', db: 'host-d' };
  for (const { vm, from, to, why } of moves) {
    await t.test(`${vm} moves from ${from} to ${to}: ${why}`, async (t) => {
      // Whoever moves, the other tenant's connection is to notice nothing, nor the one to the VM that moves.
      const red = await openStream(t, lab, 'host-b', 'red', vm === 'client' ? '10.9.0.2' : '10.9.0.1');
      const blue = await openStream(t, lab, 'host-c', 'blue', '10.9.0.1');
      const document = await migrateWithoutLoss(t, lab, vm, { from, to });
      isWhole(t, await red.end(), 'TCP in red');
      isWhole(t, await blue.end(), 'TCP in blue');
      t.same(watchers(document), WATCHERS);
      places[vm] = to;
      t.same(await holdings(lab), holding(lab, places));
    });
  }

  await t.test('after all that the networks are still apart', async (t) => {
    await isSilent(t, lab, 'host-c', 'blue', '10.9.0.2');
    await isolated(t, lab);
  });

  await t.test('apply moves home all that are not where the file has them', async (t) => {
    const { changes, migrations } = await lab.apply();
    t.match(
      changes,
      ['app', 'client', 'db'].map((name) => ({ name, action: 'migrate' })),
    );
    t.equal(changes.length, 3);
    isMigrated(t, migrations[0], { vm: 'app', from: 'host-d', to: 'host-a' });
    isMigrated(t, migrations[1], { vm: 'client', from: 'host-a', to: 'host-c' });
    isMigrated(t, migrations[2], { vm: 'db', from: 'host-a', to: 'host-d' });
    isVerified(t, await lab.succeed('verify', lab.file));
    t.same(await lab.apply(), { ok: true, changes: [], migrations: [] });
  });
});

async function isSilent(t: Test, lab: TestLab, host: string, network: string, address: string): Promise<void> {
  await t.rejects(
    lab.fromProbe(host, network, 'ping', '-c', '3', '-i', '0.2', '-W', '1', address),
    / 0 received/,
    `${address} is nobody in ${network}`,
  );
}

/** No bridge has learned a MAC that is not a member of its network, but each has learned some. */
async function isolated(t: Test, lab: TestLab): Promise<void> {
  for (const [network, { vms, probes }] of Object.entries(MEMBERS)) {
    const members = new Set([...vms, ...probes.map((host) => probeMac(lab.name, network, host))]);
    const known = new Set<string>();
    for (const { name } of lab.topology.hosts) {
      const flows = await lab.on(
        name,
        'ovs-ofctl',
        '--names',
        'dump-flows',
        bridgeName(lab.name, network),
        'table=fdb',
      );
      for (const match of flows.matchAll(/dl_dst=([0-9a-f:]+)/g)) known.add(match[1] ?? '');
    }
    t.same(
      [...known].filter((mac) => !members.has(mac)),
      [],
      `${network} knows nobody from elsewhere`,
    );
    t.ok(
      vms.every((mac) => known.has(mac)),
      `${network} knows its own VMs`,
    );
  }
}
