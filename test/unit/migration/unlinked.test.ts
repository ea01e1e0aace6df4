import t from 'tap';
import type { MigrationContext, RunningProbe } from '../../../lib/migration/context.js';
import { unwatchedNics } from '../../../lib/migration/coverage.js';
import { leaveUnlinked, unlinkedMacs } from '../../../lib/migration/unlinked.js';

const DOMAIN = `<domain><devices>
  <interface type='ethernet'><mac address='52:54:00:09:00:01'/><link state='up'/></interface>
  <interface type='ethernet'><mac address='52:54:00:0A:00:01'/><link state='down'/></interface>
</devices></domain>`;

t.test('a NIC whose link is down keeps nobody from moving its VM, and is named as unwatched', async (t) => {
  const nic = (network: string, mac: string, address: string) => ({ network, mac, addresses: [address] });
  const probe = (network: string, address: string, to = 'web') =>
    ({ from: 'host-c', to, network, address, guest: null }) as unknown as RunningProbe;
  const blue = probe('blue', '10.9.0.1');
  const ofAnother = probe('grey', '10.10.0.1', 'db');
  const context = {
    vm: {
      name: 'web',
      nics: [nic('blue', '52:54:00:09:00:01', '10.9.0.1/24'), nic('grey', '52:54:00:0a:00:01', '10.10.0.1/24')],
    },
    probes: [blue, probe('grey', '10.10.0.1'), ofAnother],
    unlinked: unlinkedMacs(DOMAIN),
  } as unknown as MigrationContext;
  leaveUnlinked(context);
  t.same(context.probes, [blue, ofAnother]);
  t.same(unwatchedNics(context), [
    { network: 'grey', mac: '52:54:00:0a:00:01', why: 'its link is down in the domain, and stays so' },
  ]);
  t.same(unlinkedMacs(''), []);
});
