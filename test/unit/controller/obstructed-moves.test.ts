import t from 'tap';
import { apply } from '../../../lib/controller/apply.js';
import { lookAhead } from '../../../lib/controller/obstructed-moves.js';
import { EventBus } from '../../../lib/events/event-bus.js';
import { appliedHosts, topologyOf, withHost } from '../plan/hosts.js';
import { Fleet } from './fleet.js';
import { DISK, eachItsOwn, type MovableVm, movable, onOneServer } from './movable.js';

const NIC = 'nics: [{network: blue, mac: "52:54:00:09:00:02", address: 10.9.0.2/24}]';
const DB = `vms:
  db:
    host: host-a
    image: micro
    ${NIC}
`;
const APPLIED = topologyOf(['vms:\n', DB]);
const WEB = '  web:\n    host: ';
const MOVED = topologyOf(['vms:\n', DB.replace('host-a', 'host-c')], [`${WEB}host-a`, `${WEB}host-b`]);

/** Both VMs run on host-a; the file wants web on host-b and db on host-c. */
function fleetToMove(vm: MovableVm = {}, storage = onOneServer()): Fleet {
  const fleet = new Fleet(MOVED, appliedHosts(APPLIED));
  for (const { name } of MOVED.hosts) movable(fleet.shell(name), vm, storage);
  return fleet;
}

const CLOSED = { exitCode: 124 };

t.test('moves that nothing obstructs are told with their order, and nothing else is said of them', async (t) => {
  const { controller } = fleetToMove();
  const before = await controller.plan();
  const { plan, moves, obstacle } = await lookAhead(controller, before);
  t.equal(obstacle, null);
  t.strictSame(plan.warnings, before.warnings);
  t.match(moves, [
    { vm: 'db', from: 'host-a', to: 'host-c', why: /^$/ },
    { vm: 'web', from: 'host-a', to: 'host-b', why: /^$/ },
  ]);
  const migrations = plan.changes.filter(({ action }) => action === 'migrate');
  t.equal(migrations.length, 2);
  for (const { why } of migrations) t.strictSame(why.split('; at once').slice(1), [''], why);
  t.strictSame(
    plan.changes.filter(({ action }) => action !== 'migrate'),
    before.changes.filter(({ action }) => action !== 'migrate'),
  );
  const one = await lookAhead(controller, before, 1);
  t.match(one.moves[1], { vm: 'web', after: ['db'] }, 'no more at a time than was asked for');
});

t.test('a move that cannot be made is told in the plan, as a warning, and as the error', async (t) => {
  const fleet = fleetToMove();
  fleet.shell('host-a').on(/\/dev\/tcp.* 198\.18\.2\.11 /, CLOSED);
  const before = await fleet.controller.plan();
  const { plan, obstacle } = await lookAhead(fleet.controller, before);
  t.match(obstacle, { code: 'HOST_UNFIT', message: /^db cannot move to host-c: .*TCP port/ });
  t.notMatch(obstacle?.message, /web/);
  const why = (name: string) => plan.changes.find((one) => one.action === 'migrate' && one.name === name)?.why;
  t.match(why('db'), /; at once; it cannot be made: db cannot move to host-c/);
  t.notMatch(why('web'), /cannot be made/);
  t.match(plan.warnings.slice(before.warnings.length), [/^db cannot move to host-c.*\. Nothing has moved\./]);
});

t.test('of several the one that is about data gives its code, and each is named', async (t) => {
  const fleet = fleetToMove({ devices: DISK });
  fleet.shell('host-a').on(/\/dev\/tcp.* 198\.18\.2\.11 /, CLOSED);
  fleet.shell('host-b').on(/^sh -s -- \.vxmig-/, '=== token\nanother\n=== token\n');
  const { obstacle, plan } = await lookAhead(fleet.controller, await fleet.controller.plan());
  t.match(obstacle, {
    code: 'DISK_NOT_SHARED',
    message: /^db cannot move to host-c: .*; web cannot move to host-b: storage: vda of web/,
    hint: /firewall of host-c.*storage that both hosts see/,
  });
  t.equal(plan.changes.filter(({ why }) => why.includes('it cannot be made')).length, 2);
});

t.test(
  'a VM that runs with another NIC than it will have is not moved so, and all else is named with it',
  async (t) => {
    const NIC_OF_WEB = /<target dev=(["'])tap-web-[^"']*\1/;
    const elsewhere = withHost(appliedHosts(APPLIED), 'host-a', ({ domains }) => ({
      domains: domains.map((one) => ({ ...one, live: one.live?.replace(NIC_OF_WEB, "<target dev='vnet0'") ?? null })),
    }));
    const fleet = new Fleet(MOVED, elsewhere);
    for (const { name } of MOVED.hosts) movable(fleet.shell(name), { snapshots: 'before\n' });
    const { obstacle, plan } = await lookAhead(fleet.controller, await fleet.controller.plan());
    t.match(obstacle, {
      code: 'HOST_UNFIT',
      message: /web cannot move to host-b: web on host-a has its NIC \S+ at the tap vnet0.*keeps a snapshot of web/,
      hint: /Say `host: host-a` in the file and apply, which connects it there\. .*snapshot-delete/,
    });
    t.equal(plan.changes.filter(({ why }) => why.includes('at the tap vnet0')).length, 1, 'the other VM has its own');
    const { signal } = new AbortController();
    await t.rejects(apply(fleet.controller, { emit: () => {}, bus: new EventBus(), signal, bootTimeoutMs: 1 }), {
      code: 'HOST_UNFIT',
    });
    t.strictSame(fleet.done, [], 'nothing was touched');
  },
);

t.test('what comes along, and not as it was, is told in the plan', async (t) => {
  const user = "<interface type='user'><mac address='52:54:00:00:00:0a'/></interface>";
  const { controller } = fleetToMove({ devices: user });
  const before = await controller.plan();
  const { plan, obstacle } = await lookAhead(controller, before);
  const remarks = plan.warnings.slice(before.warnings.length);
  t.equal(obstacle, null);
  t.match(remarks, [/NIC 52:54:00:00:00:0a of db, which the topology does not name, is QEMU’s own user/, /of web/]);
  t.strictSame(plan.warnings, [...before.warnings, ...remarks]);
});

t.test('a domain that is gone when it is looked at is no obstacle of this kind', async (t) => {
  const fleet = fleetToMove();
  const plan = await fleet.controller.plan();
  fleet.shell('host-a').on(/ snapshot-list /, '=== vxmig\n'.repeat(4));
  t.equal((await lookAhead(fleet.controller, plan)).obstacle, null);
});

t.test('apply changes nothing on any host when one of its moves could not be made', async (t) => {
  const fleet = fleetToMove({ devices: DISK }, eachItsOwn());
  const { signal } = new AbortController();
  const all = apply(fleet.controller, { emit: () => {}, bus: new EventBus(), signal, bootTimeoutMs: 1 });
  await t.rejects(all, { code: 'DISK_NOT_SHARED', message: /db cannot move to host-c.*web cannot move to host-b/ });
  t.strictSame(fleet.done, []);
});
