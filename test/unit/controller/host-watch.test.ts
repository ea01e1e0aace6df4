import t from 'tap';
import { bridgeName } from '../../../lib/model/names.js';
import { OvsDatabase } from '../../../lib/network/ovs/ovs-database.js';
import { KERNEL, topologyOf } from '../plan/hosts.js';
import { failing } from './fleet.js';
import { broken, OFF, vmIs, Watching } from './watching.js';

const TOPOLOGY = topologyOf();
const BRIDGE = bridgeName(TOPOLOGY.name, 'blue');

t.test('with --repair networks they are put right, and a VM that is off stays off', async (t) => {
  const watching = await new Watching(TOPOLOGY).begin('networks');
  watching.change('host-a', OFF);
  await watching.hears('host-a drift vm web');
  const database = watching.fleet.database('host-a');
  watching.fleet.before = (what) => {
    if (what === 'host-a ovs set-bridge') t.ok(database.isLocked, 'no other controller works there meanwhile');
  };
  watching.change('host-a', broken);
  t.strictSame(await watching.hears('repaired'), [`host-a drift bridge ${BRIDGE}`, `host-a repaired bridge ${BRIDGE}`]);
  await watching.end();
  t.strictSame(watching.fleet.done, ['host-a ovs set-bridge']);
  t.match(watching.state[0], { drifts: [{ kind: 'vm', name: 'web' }], vmsRunning: 0 });
});

t.test('with --repair vms one that is off is started; one that is paused is told of, and nothing more', async (t) => {
  const watching = await new Watching(TOPOLOGY).begin('vms');
  watching.change('host-a', OFF);
  t.strictSame(await watching.hears('host-a repaired vm web'), ['host-a drift vm web', 'host-a repaired vm web']);
  t.strictSame(watching.fleet.done, ['host-a vm start']);
  watching.fleet.done.length = 0;
  watching.change('host-a', vmIs({ state: 'paused', reason: 'user' }));
  await watching.looks('host-a', 4);
  watching.change('host-a', vmIs({ state: 'paused', reason: 'migration', pausedByMigration: true, arriving: true }));
  await watching.hears('host-a drift vm web');
  watching.change('host-a', broken);
  await watching.hears('host-a repaired bridge');
  t.strictSame(watching.fleet.done.splice(0), ['host-a ovs set-bridge'], 'one that a migration paused is for apply');
  t.strictSame(watching.fleet.done, []);
  await watching.end();
});

t.test('who has his lock stolen while he repairs starts no VM any more: the thief may be moving it', async (t) => {
  const watching = new Watching(TOPOLOGY);
  const thief = await OvsDatabase.open(watching.fleet.shell('host-a'));
  await watching.begin('vms');
  watching.fleet.before = (what) => {
    if (what === 'host-a ovs set-bridge') void thief.askForLock({ steal: true });
  };
  watching.change('host-a', (host) => ({ ...broken(host), ...OFF(host) }));
  await watching.hears('host-a busy');
  t.strictSame(watching.fleet.done, ['host-a ovs set-bridge']);
  await watching.end();
});

t.test('a host that is lost while its lock is waited for is lost, and no bug that ends all', async (t) => {
  const watching = new Watching(TOPOLOGY);
  const other = await OvsDatabase.open(watching.fleet.shell('host-b'));
  await watching.begin('networks');
  watching.onTold = (what) => {
    if (what === 'host-b drift') void other.askForLock({ steal: false });
  };
  watching.change('host-b', broken);
  await watching.hears('host-b drift');
  // It waits for who has not said his name.
  await new Promise((resolve) => setTimeout(resolve, 30));
  watching.onTold = () => undefined;
  watching.fleet.database('host-b').hangUp();
  t.match(await watching.hears('host-b lost'), [/^host-b lost .*closed the connection/]);
  await watching.hears('host-b watching');
  await watching.end();
});

t.test('a VM that runs on another host than the file says is neither moved nor started a second time', async (t) => {
  const watching = await new Watching(TOPOLOGY).begin('vms');
  const [a] = watching.fleet.states;
  watching.fleet.change('host-b', () => ({ domains: a?.domains ?? [] }));
  watching.change('host-a', () => ({ domains: [] }));
  watching.fleet.database('host-b').stir();
  await watching.looks('host-a', 4);
  await watching.looks('host-b', 4);
  await watching.end();
  t.strictSame(
    watching.fleet.done.filter((what) => what.includes(' vm ')),
    [],
  );
});

t.test('while one host is away no VM is started anywhere: it may run there', async (t) => {
  const watching = await new Watching(TOPOLOGY).begin('vms');
  watching.away.add('host-c');
  watching.fleet.database('host-c').hangUp();
  await watching.hears('host-c lost');
  watching.change('host-a', OFF);
  await watching.hears('host-a drift vm web');
  await watching.looks('host-a', 4);
  t.strictSame(watching.fleet.done, []);
  watching.away.delete('host-c');
  await watching.hears('host-c watching');
  watching.fleet.database('host-a').stir();
  await watching.hears('host-a repaired vm web');
  await watching.end();
});

t.test(
  'half of what another controller does is no drift: it is told as busy once, and judged when he is done',
  async (t) => {
    const watching = new Watching(TOPOLOGY);
    const other = await OvsDatabase.open(watching.fleet.shell('host-b'));
    await watching.begin('vms');
    const lock = await other.askForLock({ steal: false });
    watching.change('host-b', broken);
    t.strictSame(await watching.hears('host-b busy'), ['host-b busy another controller works there']);
    watching.fleet.database('host-b').lockRequests = 0;
    const looks = watching.fleet.shell('host-b').asked.length;
    await watching.until(() => watching.fleet.database('host-b').lockRequests > 3);
    t.equal(watching.fleet.shell('host-b').asked.length, looks, 'he is not kept busy by looks');
    t.strictSame(watching.told, []);
    t.strictSame(watching.fleet.done, []);
    await lock.release();
    await watching.hears(`host-b drift bridge ${BRIDGE}`);
    await watching.hears(`host-b repaired bridge ${BRIDGE}`);
    await watching.end();
  },
);

t.test('a controller that comes while the host is looked at is left in peace, too', async (t) => {
  const watching = new Watching(TOPOLOGY);
  const other = await OvsDatabase.open(watching.fleet.shell('host-b'));
  await watching.begin('networks');
  watching.fleet.before = (what) => {
    if (what !== 'host-b observe') return;
    watching.fleet.before = () => undefined;
    void other.askForLock({ steal: false });
  };
  watching.change('host-b', broken);
  t.strictSame(await watching.hears('host-b busy'), ['host-b busy another controller works there']);
  other.close();
  await watching.hears(`host-b repaired bridge ${BRIDGE}`);
  await watching.end();
});

t.test('a repair that fails is told, and tried again', async (t) => {
  const watching = await new Watching(TOPOLOGY).begin('networks');
  let failures = 2;
  watching.fleet.before = (what) => {
    if (what === 'host-b ovs set-bridge' && failures-- > 0) throw failing(what);
  };
  watching.change('host-b', broken);
  t.match(await watching.hears('host-b repaired'), [
    `host-b drift bridge ${BRIDGE}`,
    /^host-b repair-failed .*ended with status 1/,
    /^host-b repair-failed .*ended with status 1/,
    `host-b repaired bridge ${BRIDGE}`,
  ]);
  await watching.end();
});

t.test('a VM with the CPU that all hosts can give drifts where one of them can give another one', async (t) => {
  const features = (...names: string[]) => names.map((name) => `<feature policy='require' name='${name}'/>`).join('');
  const cpu = (...names: string[]) => `<model fallback='forbid'>EPYC</model>${features(...names)}`;
  const told = (...names: string[]) =>
    `<domainCapabilities><mode name='host-model' supported='yes'>${cpu(...names)}</mode></domainCapabilities>`;
  const topology = topologyOf(['image: micro', 'image: micro\n    cpu: baseline']);
  const element = `<cpu mode='custom' match='exact' check='partial'>${cpu('aes', 'vaes')}</cpu>`;
  const watching = new Watching(topology, { ...KERNEL, baselines: new Map([['web', element]]) });
  const shells = topology.hosts.map(({ name }) => watching.fleet.shell(name));
  for (const shell of shells)
    shell
      .on(/domcapabilities/, told('aes', 'vaes'))
      .on(/hypervisor-cpu-baseline/, `<cpu mode='custom' match='exact'>${cpu('aes')}</cpu>`);
  await watching.begin();
  watching.fleet.shell('host-b').on(/domcapabilities/, told('aes'));
  await watching.looks('host-b', 4);
  watching.fleet.database('host-a').stir();
  t.strictSame(await watching.hears('host-a drift vm web'), ['host-a drift vm web'], 'once it is looked at');
  watching.fleet.shell('host-b').on(/domcapabilities/, { exitCode: 1, stderr: 'error: no QEMU' });
  await watching.looks('host-b', 4);
  watching.fleet.database('host-a').stir();
  await watching.hears('host-a gone vm web');
  await watching.end();
  t.strictSame(watching.fleet.done, [], 'while it is not known the VM keeps its own');
});
