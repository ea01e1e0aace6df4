import t from 'tap';
import { planScript } from '../../../lib/controller/plan-script.js';
import { DomainDefinition } from '../../../lib/model/domain-definition.js';
import type { Topology } from '../../../lib/model/topology.js';
import { networkFacts } from '../../../lib/network/ovs/facts.js';
import { refuseDestruction } from '../../../lib/plan/destroy-plan.js';
import type { ObservedDomain, ObservedHost } from '../../../lib/plan/observed.js';
import { domainSeen } from './domains.js';
import { executed, planDestroy, planUndo } from './executed.js';
import { after, freshHosts, KERNEL, planFor, planned, summary, topologyOf, withHost } from './hosts.js';

const NAME = 'büro & co';

/** The VM is one that libvirt knows by a name as libvirt has them. */
function adopting(...replacements: readonly (readonly [old: string, now: string])[]): Topology {
  const topology = topologyOf(['image: micro', 'domain: legacy'], ...replacements);
  return { ...topology, vms: topology.vms.map((vm) => ({ ...vm, source: { kind: 'domain', domain: NAME } as const })) };
}

const MAC = '52:54:00:09:00:01';
const TOPOLOGY = adopting();

const definition = (nic: string, uuid = '6ba7b810-9dad-11d1-80b4-00c04fd430c8') =>
  `<domain type='kvm'><name>büro &amp; co</name><uuid>${uuid}</uuid><devices>${nic}<graphics ` +
  "type='vnc'/></devices></domain>";
const ON_OFFICE = "<source bridge='br-office'/><model type='virtio'/>";
const NIC = `<interface type='bridge'><mac address='${MAC}'/>${ON_OFFICE}</interface>`;

function hostsWith(domain: ObservedDomain, at = 'host-a', topology: Topology = TOPOLOGY): ObservedHost[] {
  return withHost(freshHosts(topology), at, () => ({ domains: [domain] }));
}

function changedVm(hosts: readonly ObservedHost[], change: (domain: ObservedDomain) => Partial<ObservedDomain>) {
  return withHost(hosts, 'host-a', ({ domains }) => ({
    domains: domains.map((domain) => (domain.name === NAME ? { ...domain, ...change(domain) } : domain)),
  }));
}

const OFF = domainSeen(NAME, definition(NIC), { state: 'shut off' });
const ON = domainSeen(NAME, definition(NIC));
const applied = (domain: ObservedDomain) => {
  const hosts = hostsWith(domain);
  return after(planned(TOPOLOGY, hosts), hosts);
};

t.test('a domain is connected by its interfaces alone: its definition is never written anew', async (t) => {
  const plan = planned(TOPOLOGY, hostsWith(OFF));
  const [a] = plan.hosts;
  t.strictSame(
    a?.domains.map(({ kind }) => kind),
    ['mark', 'update-nic', 'start'],
  );
  const change = plan.changes.find(({ kind }) => kind === 'vm');
  t.match(change, { action: 'update', why: 'its NICs are not connected to the taps; it is shut off' });
  t.match(change?.details, [`NIC ${MAC}: bridge br-office → the tap tap-web-`, `NIC ${MAC}: MTU`]);
  const script = planScript(TOPOLOGY, plan, plan.moves).find(({ step }) => step === 'vms')?.script ?? '';
  t.match(
    script,
    /virsh -q -c qemu:\/\/\/system update-device --config --domain 'büro & co' --file \/dev\/stdin <<'END'\n<interface/,
  );
  t.notMatch(script, /define|graphics/);
  t.strictSame(planned(TOPOLOGY, applied(OFF)).changes, [], 'a second time nothing is left to do');
  t.strictSame(planned(TOPOLOGY, applied(OFF)).warnings, []);
});

t.test('one that is on keeps its old NIC until its next start: that is said for as long as it is so', async (t) => {
  for (const hosts of [hostsWith(ON), applied(ON)]) {
    const plan = planned(TOPOLOGY, hosts);
    t.match(plan.pending, [
      { host: 'host-a', domain: NAME, state: 'on', nics: [{ mac: MAC, connectedTo: 'bridge br-office' }] },
    ]);
    const [warning = '', ...others] = plan.warnings;
    t.strictSame(others, []);
    t.match(
      warning,
      /^büro & co on host-a has its NIC 52:54:00:09:00:01 at bridge br-office, not at the tap tap-web-\S+ \(since its start\)\./,
    );
    t.match(
      warning,
      /`virsh detach-interface --domain 'büro & co' --live --type bridge --mac 52:54:00:09:00:01`, then/,
    );
    t.match(
      warning,
      /`printf %s '<interface type="ethernet">.*managed="no"\/>.*' \| virsh attach-device --domain 'büro & co' --live/,
    );
  }
  t.strictSame(planned(TOPOLOGY, applied(ON)).changes, [], 'it is no change');
  const restarted = changedVm(applied(ON), ({ xml }) => ({ live: xml }));
  t.strictSame(planned(TOPOLOGY, restarted).pending, []);
});

t.test('one whose memory is saved with the old NIC is not started with it', async (t) => {
  const saved = { ...OFF, saved: true, live: OFF.xml };
  const plan = planned(TOPOLOGY, hostsWith(saved));
  t.strictSame(
    plan.hosts[0]?.domains.map(({ kind }) => kind),
    ['mark', 'update-nic'],
  );
  t.match(plan.pending, [{ state: 'saved' }]);
  t.match(plan.warnings, [
    /in its saved memory, with which it comes back\).*virsh managedsave-remove --domain 'büro & co'/,
  ]);
  t.strictSame(planned(TOPOLOGY, applied(saved)).changes, []);
  const connected = changedVm(applied(OFF), ({ xml }) => ({ state: 'shut off', saved: true, live: xml }));
  t.match(planned(TOPOLOGY, connected).hosts[0]?.domains, [{ kind: 'start' }], 'with the new one it is');
});

t.test('a transient domain, or one that another topology has, is refused', async (t) => {
  const transient = { ...ON, persistent: false };
  t.throws(() => planned(TOPOLOGY, hostsWith(transient)), {
    code: 'HOST_UNFIT',
    message: /büro & co on host-a is transient/,
  });
  const trunk = NIC.replace('</interface>', "<vlan trunk='yes'><tag id='42'/></vlan></interface>");
  const both = hostsWith({ ...transient, xml: definition(trunk) });
  t.throws(() => planned(TOPOLOGY, both), { message: /transient.*; .* is not taken: .*trunk/ }, 'all at once');
  const originals = new Map<string, string>();
  t.throws(() => planned(TOPOLOGY, hostsWith({ ...ON, adopted: { topology: 'other', vm: 'x', originals } })), {
    code: 'CLASH',
    message: /is connected by the topology other/,
  });
  t.throws(() => planned(TOPOLOGY, hostsWith({ ...ON, owner: { topology: 'other', vm: 'x', spec: '' } })), {
    code: 'CLASH',
    message: /was made by vxmig for the topology other/,
  });
});

const WITHOUT: Topology = { ...TOPOLOGY, vms: [], probes: [] };

t.test(
  'taken out of the file, it is named and connected back; while it is on with its tap, nothing is touched',
  async (t) => {
    const off = changedVm(applied(OFF), () => ({ state: 'shut off', live: null }));
    const plan = planned(WITHOUT, off);
    const change = plan.changes.find(({ kind }) => kind === 'vm');
    t.match(change, {
      name: NAME,
      action: 'update',
      why: 'the topology has no such VM here: connected back to what it had',
    });
    t.match(change?.details, [
      /: the tap tap-web-\S+ → bridge br-office$/,
      /br-office is not on host-a, so that it cannot start/,
    ]);
    const back = after(plan, off);
    const [found] = back[0]?.domains ?? [];
    t.match(DomainDefinition.parse(found?.xml ?? '').interface(MAC), {
      type: 'bridge',
      source: 'br-office',
      device: null,
    });
    t.equal(found?.adopted, null);
    t.strictSame(planned(WITHOUT, back).changes, []);
    for (const hosts of [applied(OFF), changedVm(off, ({ xml }) => ({ saved: true, live: xml }))])
      t.throws(() => planned(WITHOUT, hosts), {
        code: 'CLASH',
        where: `host-a ${NAME}`,
        message: /nothing was touched/,
      });
    const unmarked = changedVm(applied(OFF), () => ({ adopted: null }));
    t.throws(() => planned(WITHOUT, unmarked), { code: 'CLASH' }, 'also where only its tap tells');
  },
);

t.test('destroy does the same', async (t) => {
  const [on] = applied(OFF);
  const [off] = changedVm(applied(OFF), () => ({ state: 'shut off', live: null }));
  if (on === undefined || off === undefined) throw new Error('no host');
  t.throws(() => refuseDestruction('plans', on), {
    code: 'CLASH',
    message: /büro & co is on \(running\) on host-a and has its network through tap-web-/,
    hint: /virsh shutdown --domain 'büro & co'.*virsh detach-interface --domain 'büro & co' --live --type ethernet/,
  });
  refuseDestruction('plans', off);
  refuseDestruction('other', on);
  const { changes, remove } = planDestroy('plans', off);
  t.match(changes[0], { kind: 'vm', name: NAME, action: 'update' });
  t.strictSame(
    remove.domains.map(({ kind }) => kind),
    ['update-nic', 'mark'],
  );
});

t.test('an apply that is undone gives it back, without writing its definition', async (t) => {
  const [before] = hostsWith(ON);
  const [plan] = planned(TOPOLOGY, hostsWith(ON)).hosts;
  if (before === undefined || plan === undefined) throw new Error('no host');
  const undo = planUndo(plan, 'plans', before, executed(plan, before));
  t.strictSame(
    undo.domains.map(({ kind }) => kind),
    ['update-nic', 'mark'],
  );
  const now = executed(undo, executed(plan, before));
  t.match(DomainDefinition.parse(now.domains[0]?.xml ?? '').interface(MAC), { type: 'bridge', source: 'br-office' });
  t.equal(now.domains[0]?.adopted, null);
});

t.test('a NIC with several queues has a tap for several, wherever it comes', async (t) => {
  const nic = NIC.replace("<model type='virtio'/>", "<model type='virtio'/><driver queues='4'/>");
  const many = domainSeen(NAME, definition(nic), { state: 'shut off' });
  const plan = (hosts: readonly ObservedHost[], topology = TOPOLOGY) =>
    planFor(topology, hosts, (host) => ({ ...networkFacts(topology, hosts)(host), accelerator: KERNEL.accelerator }));
  const first = plan(hostsWith(many));
  t.match(first.hosts[0]?.prepare[0]?.argv.join(' '), /^ip tuntap add dev tap-web-\S+ mode tap multi_queue$/);
  const hosts = after(first, hostsWith(many));
  t.strictSame(plan(hosts).changes, []);
  const there = plan(hosts, adopting(['host: host-a', 'host: host-b'])).moves.get('host-b')?.before;
  t.match(there?.prepare[0]?.argv.join(' '), /mode tap multi_queue$/);
  const off = changedVm(hosts, () => ({ state: 'shut off', live: null }));
  const one = (some: readonly ObservedHost[]) =>
    withHost(some, 'host-a', ({ links }) => ({ links: links.map(({ multiQueue, ...link }) => link) }));
  const fixed = plan(one(off));
  t.ok(summary(fixed).includes('host-a tap-device update'));
  t.match(fixed.changes[0]?.why, /it has one queue, and the NIC of web has several/);
  t.strictSame(plan(after(fixed, one(off))).changes, []);
  t.notOk(summary(plan(one(hosts))).includes('host-a tap-device update'), 'not while it is on with it');
});

t.test('another VM of its name, told by its UUID', async (t) => {
  const other = domainSeen(
    NAME,
    definition(NIC.replace(MAC, '52:54:00:77:77:77'), '99999999-9dad-11d1-80b4-00c04fd430c8'),
  );
  const beside = (host: string) => withHost(applied(OFF), host, () => ({ domains: [other] }));
  const plan = planned(TOPOLOGY, beside('host-b'));
  t.strictSame(plan.changes, []);
  t.match(plan.warnings, [
    /^another VM called büro & co \(UUID 99999999-\S+, running\) is on host-b; it is not web, and is not touched\. web cannot move to host-b/,
  ]);
  const clash = { code: 'CLASH', message: /another VM called büro & co/, hint: /virsh domrename 'büro & co' NEW-NAME/ };
  t.throws(() => planned(adopting(['host: host-a', 'host: host-b']), beside('host-b')), clash);
  t.throws(
    () =>
      planned(
        adopting(['host: host-a', 'host: host-b']),
        withHost(hostsWith(ON), 'host-b', () => ({ domains: [other] })),
      ),
    clash,
  );
});

t.test('one of vxmig’s own that runs with what the file said before is told of', async (t) => {
  const bigger = topologyOf(['image: micro', 'image: micro\n    memory: 256MiB']);
  const hosts = freshHosts(bigger);
  const running = after(planned(topologyOf(), hosts), hosts);
  const defined = after(planned(bigger, running), running);
  t.match(planned(bigger, defined), { changes: [], warnings: [/^web on host-a runs with what the file said before/] });
});
