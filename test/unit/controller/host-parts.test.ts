import t from 'tap';
import { LibvirtDriver } from '../../../lib/compute/libvirt/driver.js';
import { hostParts } from '../../../lib/controller/host-parts.js';
import { Placement } from '../../../lib/placement/placement.js';
import { appliedHosts, topologyOf } from '../plan/hosts.js';
import { Fleet } from './fleet.js';

const TOPOLOGY = topologyOf();

t.test('each host’s parts are its own: shell, addresses, network', async (t) => {
  const fleet = new Fleet(TOPOLOGY, appliedHosts(TOPOLOGY));
  const parts = hostParts(fleet.controller, new Placement(TOPOLOGY));
  t.strictSame(
    parts.map(({ name, vms, path, observer }) => [name, vms.host, path.host, observer.host]),
    ['host-a', 'host-b', 'host-c'].map((name) => [name, name, name, name]),
  );
  const [, b] = parts;
  if (!(b?.vms instanceof LibvirtDriver)) throw new Error('no driver');
  t.equal(b.vms.shell, fleet.shell('host-b'));
  t.strictSame(b.vms.place, { uri: 'qemu+ssh://root@198.18.2.10:22/system', memoryAddress: '198.18.2.10' });
});

t.test('what a migration changes of a VM waits for its turn among the changes of the host', async (t) => {
  const fleet = new Fleet(TOPOLOGY, appliedHosts(TOPOLOGY));
  const [a] = hostParts(fleet.controller, new Placement(TOPOLOGY));
  const shell = fleet.shell('host-a').on(/ autostart /);
  let end: () => void = () => undefined;
  const before = fleet.controller.session('host-a').inTurn(
    () =>
      new Promise<void>((resolve) => {
        end = resolve;
      }),
  );
  const change = a?.vms.startWithHost('web');
  await new Promise((resolve) => setImmediate(resolve));
  t.strictSame(shell.asked, []);
  end();
  await before;
  await change;
  t.match(shell.asked, [/ autostart --domain web$/]);
});
