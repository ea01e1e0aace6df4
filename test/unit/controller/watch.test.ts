import t from 'tap';
import { bridgeName } from '../../../lib/model/names.js';
import { topologyOf } from '../plan/hosts.js';
import { broken, Watching, whole } from './watching.js';

const TOPOLOGY = topologyOf();
const BRIDGE = bridgeName(TOPOLOGY.name, 'blue');

t.test('what differs is told once, and again when it is as the file says; nothing is touched', async (t) => {
  const watching = await new Watching(TOPOLOGY).begin();
  watching.change('host-b', broken);
  await watching.hears(`host-b drift bridge ${BRIDGE}`);
  t.match(
    watching.state.map(({ host, drifts }) => [host, drifts.length]),
    [
      ['host-a', 0],
      ['host-b', 1],
      ['host-c', 0],
    ],
  );
  await watching.looks('host-b', 4);
  t.strictSame(watching.told, [], 'it is no news any more');
  watching.change('host-b', whole);
  await watching.hears(`host-b gone bridge ${BRIDGE}`);
  await watching.end();
  t.strictSame(watching.fleet.done, []);
  t.strictSame(watching.told, []);
});

t.test(
  'a host that is lost is told once, tried again after ever longer waits, and then watched as before',
  async (t) => {
    const watching = await new Watching(TOPOLOGY).begin();
    watching.away.add('host-b');
    let tries = 0;
    watching.beforeOpen = () => {
      tries += 1;
      if (tries === 8) watching.away.clear();
    };
    watching.fleet.change('host-b', broken);
    const followed = [...watching.fleet.shell('host-b').followed.values()];
    watching.fleet.database('host-b').hangUp();
    const news = await watching.hears('host-b watching');
    t.match(news, [
      /^host-b lost .*closed the connection 1000$/,
      `host-b drift bridge ${BRIDGE}`,
      'host-b watching 1 true',
    ]);
    t.ok(followed.length > 2 && followed.every(({ isStopped }) => isStopped), 'nothing is left running there');
    t.strictSame(
      watching.pauses,
      [1, 2, 4, 8, 16, 30, 30, 30].map((seconds) => seconds * 1_000),
    );
    watching.change('host-b', whole);
    await watching.hears(`host-b gone bridge ${BRIDGE}`);
    await watching.end();
  },
);

t.test('a host that is lost holds what it held, and does not make drifts of its neighbours', async (t) => {
  const watching = await new Watching(TOPOLOGY).begin();
  watching.away.add('host-b');
  watching.fleet.database('host-b').hangUp();
  await watching.hears('host-b lost');
  t.match(watching.state, [{ connected: true }, { connected: false }, { connected: true }]);
  await watching.looks('host-a', 4);
  t.strictSame(watching.told, []);
  await watching.end();
});

t.test('a switch that is down is one trouble, told once until it was well again', async (t) => {
  const watching = await new Watching(TOPOLOGY).begin();
  const shell = watching.fleet.shell('host-b');
  const down = { exitCode: 1, stderr: 'ovs-appctl: cannot connect' };
  shell.on(/^ovs-appctl/, down);
  watching.change('host-b', broken);
  t.match(await watching.hears('host-b trouble'), [/^host-b trouble .*cannot connect/]);
  await watching.looks('host-b', 4);
  t.strictSame(watching.told, [], 'it is tried again, and not told again');
  shell.on(/^ovs-appctl/, '');
  await watching.hears('host-b drift bridge');
  shell.on(/^ovs-appctl/, down);
  watching.fleet.database('host-b').stir();
  await watching.hears('host-b trouble');
  await watching.end();
});

t.test('where one host cannot be reached at the beginning, that is the end, and nothing is left open', async (t) => {
  const watching = new Watching(TOPOLOGY);
  watching.away.add('host-c');
  await t.rejects(watching.begin(), { code: 'SSH_CONNECT', where: 'host-c' });
  for (const name of ['host-a', 'host-b']) t.equal(watching.fleet.database(name).connections, 0, name);
});

t.test('a bug at one host ends all, and what was begun on the hosts ends with it', async (t) => {
  const watching = await new Watching(TOPOLOGY).begin();
  watching.fleet.before = () => {
    throw new TypeError('a bug');
  };
  watching.fleet.database('host-a').stir();
  await t.rejects(watching.over(), { message: 'a bug' });
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  t.strictSame(watching.pauses, [], 'no host is tried again');
  for (const { name } of TOPOLOGY.hosts) {
    t.equal(watching.fleet.database(name).connections, 0, name);
    for (const [line, command] of watching.fleet.shell(name).followed) t.ok(command.isStopped, `${name}: ${line}`);
  }
});
