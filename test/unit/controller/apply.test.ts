import t from 'tap';
import { apply } from '../../../lib/controller/apply.js';
import type { Controller } from '../../../lib/controller/controller.js';
import { EventBus } from '../../../lib/events/event-bus.js';
import { NO_MOUNTS } from '../../../lib/model/mount.js';
import type { VolumeMark } from '../../../lib/model/volume-sight.js';
import { freshHosts, topologyOf } from '../plan/hosts.js';
import { Fleet, failing } from './fleet.js';

const TOPOLOGY = topologyOf();
const PLANNED = ['bridge', 'tunnel', 'vm'];

async function applied(controller: Controller, signal: AbortSignal = new AbortController().signal) {
  const events: string[] = [];
  const bus = new EventBus();
  const emit = (event: { readonly kind: string }) => void events.push(event.kind);
  const result = await apply(controller, { emit, bus, signal, bootTimeoutMs: 1 });
  return { result, events };
}

t.test('apply does what plan says, networks before VMs, and a second one does nothing', async (t) => {
  const fleet = new Fleet(TOPOLOGY);
  const plan = await fleet.controller.plan();
  const { result } = await applied(fleet.controller);
  t.strictSame(result, { ok: true, changes: plan.changes, runs: [] });
  const kinds = new Set(result.changes.map(({ kind }) => kind));
  for (const kind of PLANNED) t.ok(kinds.has(kind), `there was a ${kind} to make`);
  const lastOfNetworks = fleet.done.findLastIndex((what) => what.endsWith('flows'));
  t.ok(lastOfNetworks < fleet.done.indexOf('host-a vm define'), 'every network is made before the first VM');
  t.strictSame((await fleet.controller.plan()).changes, []);
  fleet.done.length = 0;
  await applied(fleet.controller);
  t.strictSame(fleet.done, []);
});

t.test('wherever it fails, all hosts are as before, and the message says so', async (t) => {
  const whole = new Fleet(TOPOLOGY);
  await applied(whole.controller);
  const steps = whole.done.length;
  t.ok(steps > 20, `${steps} steps`);
  const before = freshHosts(TOPOLOGY).map(seen);
  for (let failure = 0; failure < steps; failure += 1) {
    const fleet = new Fleet(TOPOLOGY);
    let count = 0;
    fleet.before = (what) => {
      if (!what.endsWith(' observe') && count++ === failure) throw failing(what);
    };
    await t.rejects(applied(fleet.controller), { message: /What apply had changed was undone\.$/ });
    t.strictSame(fleet.states.map(seen), before, `step ${failure}, ${fleet.done[failure]}`);
  }
});

t.test('what cannot be undone is named, host by host', async (t) => {
  const fleet = new Fleet(TOPOLOGY);
  let broken = false;
  fleet.before = (what) => {
    if (what.endsWith(' vm start')) broken = true;
    if (broken && what.startsWith('host-b ')) throw failing(what);
    if (what.endsWith(' vm start')) throw failing(what);
  };
  await t.rejects(applied(fleet.controller), {
    message: /Not all that apply had changed could be undone\. Left on host-b: not known \(/,
    hint: /`vxmig apply FILE` goes on from what is there/,
  });
});

t.test('nothing is undone on a host whose switch is down: nobody would know later whose its rows are', async (t) => {
  const fleet = new Fleet(TOPOLOGY);
  fleet.before = (what) => {
    if (what !== 'host-a vm start') return;
    fleet.change('host-c', () => ({ switchAnswers: false }));
    throw failing(what);
  };
  await t.rejects(applied(fleet.controller), {
    message: /Left on host-c: not known \(ovs-vswitchd does not answer, so nothing was touched there\)/,
  });
});

const PLACE = '/srv/pool/plans-web-0.qcow2';
const MOUNTING = topologyOf(
  [
    'networks:\n',
    'storage: {pool: {kind: nfs, server: nas, export: /vms, client: kernel, path: /srv/pool}}\nnetworks:\n',
  ],
  ['image: micro', 'image: debian\n    disks: [{size: 4GiB}]'],
);

/** Hosts that can mount, and on whose storage the disk is already, as is seen once it is mounted. */
function mountingFleet(mark: VolumeMark | null = { topology: 'plans', vm: 'web', index: 0 }): Fleet {
  const image = { kind: 'there', format: 'qcow2', sizeBytes: 4 * 2 ** 30, allocatedBytes: 1 } as const;
  const volumes = [{ place: PLACE, image: { ...image, backing: null, hasDataFile: false }, mark, freeBytes: null }];
  const mounts = { ...NO_MOUNTS, hasClient: true, hasHelper: true };
  const fleet = new Fleet(
    MOUNTING,
    freshHosts(MOUNTING).map((host) => ({ ...host, volumes, mounts })),
  );
  for (const { name } of MOUNTING.hosts) fleet.shell(name).on(/^sh -s -- \/var\/lib\/vxmig\/seeds\//);
  return fleet;
}

t.test('storage is mounted before all else, and goes again wherever an apply fails', async (t) => {
  const whole = mountingFleet();
  const { result } = await applied(whole.controller);
  t.strictSame(whole.done.slice(0, 3), ['host-a mount', 'host-b mount', 'host-c mount']);
  t.equal(result.changes.filter(({ kind, action }) => kind === 'mount' && action === 'create').length, 3);
  t.notOk((await whole.controller.plan()).changes.some(({ kind }) => kind === 'mount'));
  for (let failure = 0; failure < whole.done.length; failure += 1) {
    const fleet = mountingFleet();
    let count = 0;
    fleet.before = (what) => {
      if (!what.endsWith(' observe') && count++ === failure) throw failing(what);
    };
    await t.rejects(applied(fleet.controller));
    t.ok(
      fleet.states.every(({ mounts }) => mounts.points.length + mounts.marks.length === 0),
      `step ${failure}`,
    );
  }
});

t.test('where what is seen on the storage is in the way, it is unmounted, and nothing else was touched', async (t) => {
  const fleet = mountingFleet(null);
  fleet.change('host-a', ({ volumes }) => ({
    volumes: volumes.map((one) => ({ ...one, image: { kind: 'unmounted' } as const })),
  }));
  fleet.before = (what) => {
    if (what === 'host-a mount') fleet.change('host-a', () => ({ volumes: fleet.states[1]?.volumes ?? [] }));
  };
  await t.rejects(applied(fleet.controller), { code: 'CLASH', message: /vxmig has not made it/ });
  t.ok(fleet.done.every((what) => / (un)?mount$/.test(what)));
  t.ok(fleet.states.every(({ mounts }) => mounts.points.length === 0));
});

t.test('an interrupt before the first migration undoes it, too', async (t) => {
  const fleet = new Fleet(TOPOLOGY);
  const interrupt = new AbortController();
  fleet.before = (what) => {
    if (what === 'host-a vm define') interrupt.abort(new Error('interrupted'));
  };
  await t.rejects(applied(fleet.controller, interrupt.signal), { message: /interrupted\. What apply had changed was/ });
  t.strictSame(fleet.states.map(seen), freshHosts(TOPOLOGY).map(seen));
});

t.test('a plan is not made for hosts that cannot be judged', async (t) => {
  const fleet = new Fleet(TOPOLOGY);
  fleet.change('host-b', () => ({ switchAnswers: false }));
  await t.rejects(fleet.controller.plan(), { code: 'HOST_UNFIT', message: /on host-b, and only it knows the flows/ });
  t.strictSame(fleet.done, []);
});

/** Without what only OVSDB and the order of things decide. */
function seen(host: ReturnType<typeof freshHosts>[number]): unknown {
  const { bridges, links, namespaces, domains, nftTables, switchRoutes, routes } = host;
  return { bridges, links, namespaces, domains, nftTables, switchRoutes, routes };
}
