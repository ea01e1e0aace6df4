import t from 'tap';
import { mayRepair, type RepairScope } from '../../../lib/controller/watch-options.js';
import type { Change } from '../../../lib/model/change.js';

function repairs(repair: RepairScope, kind: Change['kind'], action: Change['action']): boolean {
  return mayRepair(repair, { host: 'host-a', kind, name: 'x', action, why: '' });
}

t.test('networks are put right by either scope, VMs by theirs alone', async (t) => {
  for (const action of ['create', 'update', 'delete'] as const) {
    t.ok(repairs('networks', 'bridge', action));
    t.ok(repairs('vms', 'bridge', action));
  }
  t.ok(repairs('vms', 'vm', 'create'));
  t.ok(repairs('vms', 'vm', 'update'));
  t.notOk(repairs('networks', 'vm', 'create'));
  t.notOk(repairs('networks', 'vm', 'update'));
});

t.test('no scope takes a VM away, or moves one', async (t) => {
  for (const scope of ['networks', 'vms'] as const) {
    t.notOk(repairs(scope, 'vm', 'delete'));
    t.notOk(repairs(scope, 'vm', 'migrate'));
  }
});
