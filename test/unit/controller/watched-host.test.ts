import t from 'tap';
import { WatchedHost } from '../../../lib/controller/watched-host.js';
import { bridgeName } from '../../../lib/model/names.js';
import { OvsDatabase } from '../../../lib/network/ovs/ovs-database.js';
import { topologyOf } from '../plan/hosts.js';
import { Fleet } from './fleet.js';

const TOPOLOGY = topologyOf();
const BLUE = bridgeName(TOPOLOGY.name, 'blue');

async function watched() {
  const fleet = new Fleet(TOPOLOGY);
  let stirred = 0;
  const host = await WatchedHost.of(TOPOLOGY, await fleet.open('host-a'), () => {
    stirred += 1;
  });
  await new Promise((resolve) => setImmediate(resolve));
  /** How often it was stirred since the last time. */
  const stirs = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    const count = stirred;
    stirred = 0;
    return count;
  };
  return { fleet, host, stirs, followed: fleet.shell('host-a').followed, database: fleet.database('host-a') };
}

t.test('what changes in the database, of links and of domains stirs the watch', async (t) => {
  const { host, stirs, followed, database } = await watched();
  await stirs();
  database.stir();
  t.equal(await stirs(), 1);
  const lines = [...followed.keys()];
  t.equal(lines.length, 3, lines.join('; '));
  for (const line of lines.filter((one) => !one.startsWith('ovs-ofctl'))) {
    followed.get(line)?.emit('line', 'something happened');
    t.equal(await stirs(), 1, line);
  }
  await host.close();
});

t.test('flows that come and go by themselves stir nobody, those that were planned do', async (t) => {
  const { host, stirs, followed } = await watched();
  const [line, monitor] = [...followed].find(([one]) => one.startsWith('ovs-ofctl')) ?? [];
  t.match(line, new RegExp(` monitor ${BLUE} `));
  await stirs();
  const tell = (cookie: string) => {
    monitor?.emit('line', 'NXST_FLOW_MONITOR reply (xid=0x0):');
    monitor?.emit('line', ` event=ADDED table=50 cookie=${cookie} dl_dst=50:54:00:00:00:05`);
  };
  tell('0x767800ff00000000');
  const learned = await stirs();
  tell('0x7678000100000000');
  t.ok((await stirs()) > learned, 'the switch learns all the time');
  await host.close();
});

t.test('it is quiet while nobody has the lock, and to ask keeps nobody from it', async (t) => {
  const { fleet, host, database } = await watched();
  t.ok(await host.isQuiet());
  t.notOk(database.isLocked);
  const other = await OvsDatabase.open(fleet.shell('host-a'));
  const lock = await other.askForLock({ steal: false });
  t.ok(lock.isHeld);
  t.notOk(await host.isQuiet());
  await lock.release();
  t.notOk(database.isLocked, 'who asked has left the queue');
  await host.close();
});

t.test('a host that is gone says why, and closing it ends what was begun', async (t) => {
  const { host, followed, database } = await watched();
  database.hangUp();
  t.match(await host.lost, /closed the connection/);
  await host.close();
  for (const [line, command] of followed) t.ok(command.isStopped, line);
});
