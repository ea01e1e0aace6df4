import t from 'tap';
import { destroy, namesKnownTo, planDestruction } from '../../../lib/controller/destroy.js';
import { appliedHosts, freshHosts, topologyOf } from '../plan/hosts.js';
import { Fleet, failing } from './fleet.js';

const TOPOLOGY = topologyOf();

t.test('destroy takes VMs first, then their networks, and leaves hosts as they were before the apply', async (t) => {
  const fleet = new Fleet(TOPOLOGY, appliedHosts(TOPOLOGY));
  const plans = await planDestruction(fleet.controller, 'kept');
  t.strictSame(namesKnownTo(fleet.controller), ['plans']);
  const changes = await destroy(fleet.controller, plans, () => undefined);
  t.ok(changes.length > 5);
  t.ok(changes.every(({ action }) => action === 'delete'));
  const ofA = fleet.done.filter((what) => what.startsWith('host-a '));
  t.strictSame(ofA.slice(0, 2), ['host-a vm stop', 'host-a vm undefine']);
  for (const [index, host] of freshHosts(TOPOLOGY).entries()) {
    const { bridges, links, namespaces, domains } = fleet.states[index] ?? host;
    t.strictSame({ bridges, domains, namespaces }, { bridges: [], domains: [], namespaces: [] });
    t.strictSame(links, host.links);
  }
  t.strictSame(
    [...(await planDestruction(fleet.controller, 'kept')).values()].flatMap((plan) => plan.changes),
    [],
  );
});

t.test('a host on which it fails does not keep the others from theirs, and what is left there is named', async (t) => {
  const fleet = new Fleet(TOPOLOGY, appliedHosts(TOPOLOGY));
  const plans = await planDestruction(fleet.controller, 'kept');
  fleet.before = (what) => {
    if (what.startsWith('host-a ovs delete-bridge')) throw failing(what);
  };
  await t.rejects(
    destroy(fleet.controller, plans, () => undefined),
    {
      code: 'APPLY_FAILED',
      message: /left on host-a: (?!.*vm web).*bridge br-/,
      hint: /run the same again/,
    },
  );
  t.strictSame(
    fleet.states.map(({ bridges }) => bridges.length > 0),
    [true, false, false],
  );
});

t.test('where nothing is seen any more, that is said', async (t) => {
  const fleet = new Fleet(TOPOLOGY, appliedHosts(TOPOLOGY));
  const plans = await planDestruction(fleet.controller, 'kept');
  fleet.before = (what) => {
    if (what.startsWith('host-b ')) throw failing(what);
  };
  await t.rejects(
    destroy(fleet.controller, plans, () => undefined),
    { message: /what is left on host-b cannot be seen/ },
  );
});

t.test('images on a server that no host mounts are left at last, with the commands for there', async (t) => {
  const topology = topologyOf(
    ['networks:\n', 'storage: {pool: {kind: nfs, server: 198.18.9.10, export: /srv/vms}}\nnetworks:\n'],
    ['image: micro', 'image: debian\n    disks: [{size: 4GiB}]'],
  );
  const place = 'nfs://198.18.9.10/srv/vms/plans-web-0.qcow2';
  const image = { kind: 'silent', why: 'not looked at' } as const;
  const volumes = [{ place, image, mark: { topology: 'plans', vm: 'web', index: 0 }, freeBytes: null }];
  const fleet = new Fleet(
    topology,
    appliedHosts(TOPOLOGY).map((host) => ({ ...host, volumes })),
  );
  const plans = await planDestruction(fleet.controller, 'removed');
  await t.rejects(
    destroy(fleet.controller, plans, () => undefined),
    {
      code: 'APPLY_FAILED',
      message: /All else is removed.*is left: nfs:\/\/198.18.9.10\/srv\/vms\/plans-web-0.qcow2$/,
      hint: /on 198.18.9.10 `rm -- \/srv\/vms\/plans-web-0.qcow2 \/srv\/vms\/plans-web-0.qcow2.vxmig`/,
    },
  );
  t.ok(fleet.states.every(({ domains, bridges }) => domains.length + bridges.length === 0));
});
