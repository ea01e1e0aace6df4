import t from 'tap';
import type { MigrationContext } from '../../../lib/migration/context.js';
import type { DomainSeen } from '../../../lib/migration/needs.js';
import { refuseUnsettled } from '../../../lib/migration/standing.js';
import type { Topology } from '../../../lib/model/topology.js';
import { nicsOf } from '../../../lib/plan/desired.js';
import { topologyOf } from '../plan/hosts.js';

const TOPOLOGY: Topology = topologyOf(['image: micro', 'domain: legacy']);
const [VM] = TOPOLOGY.vms;
if (VM === undefined) throw new Error('no VM');
const [NIC] = nicsOf(TOPOLOGY, VM);

const definition = (uuid: string, nic: string) =>
  `<domain><name>legacy</name><uuid>${uuid}</uuid><devices>${nic}</devices></domain>`;
const CONNECTED = definition(
  '1',
  `<interface type='ethernet'><mac address='${NIC?.mac}'/><target dev='${NIC?.device}' managed='no'/></interface>`,
);
const RUNNING: DomainSeen = { state: 'running', reason: '', xml: CONNECTED, live: CONNECTED, persistent: true };

/** The VM as host-a and host-b have it, on its way from the one to the other. */
function refusal(here: DomainSeen | null, there: DomainSeen | null = null): unknown {
  const context = {
    vm: VM,
    domain: 'legacy',
    topology: TOPOLOGY,
    source: { name: 'host-a' },
    destination: { name: 'host-b' },
  };
  const places = [
    ...(here === null ? [] : [{ host: 'host-a', state: here.state, seen: here }]),
    ...(there === null ? [] : [{ host: 'host-b', state: there.state, seen: there }]),
  ];
  try {
    refuseUnsettled(context as unknown as MigrationContext, places);
    return null;
  } catch (error) {
    return error;
  }
}

t.test('a VM that stands as a move needs it', async (t) => {
  t.equal(refusal(RUNNING), null);
});

t.test('one that does not is refused, with its state by its name', async (t) => {
  const paused = { ...RUNNING, state: 'paused', reason: 'user' };
  t.match(refusal(paused), {
    code: 'HOST_UNFIT',
    message: 'web is paused on host-a (by its user), and is not moved to host-b like that',
    hint: /`virsh resume --domain legacy` on host-a lets it go on; then it can be moved/,
  });
  t.match(refusal({ ...paused, reason: 'I/O error' }), { message: /paused on host-a \(I\/O error\)/ });
  t.match(refusal({ ...paused, reason: 'migrating' }), { hint: /vxmig apply/ });
  t.match(refusal({ ...RUNNING, state: 'shut off', live: null }), {
    message: /it runs nowhere: on host-a it is shut off/,
  });
  t.match(refusal(null), { code: 'HOST_UNFIT', message: /it runs nowhere/ });
  t.match(refusal(RUNNING, RUNNING), { message: /it runs on host-a and host-b/ });
  t.match(refusal({ ...RUNNING, persistent: false }), { message: /legacy on host-a is transient/ });
});

t.test('one whose guest has another NIC than its definition says', async (t) => {
  const live = definition(
    '1',
    `<interface type='bridge'><mac address='${NIC?.mac}'/><source bridge='br0'/></interface>`,
  );
  t.match(refusal({ ...RUNNING, live }), {
    code: 'HOST_UNFIT',
    message: /at bridge br0, not at the tap tap-web-.*a move would not be of the NIC that the guest has/,
    hint: /shut it down and apply again.*virsh detach-interface --domain legacy --live --type bridge/,
  });
});

t.test('a copy of it at the destination, or another VM of its name', async (t) => {
  t.match(refusal(RUNNING, { ...RUNNING, state: 'paused', reason: 'user' }), {
    code: 'CLASH',
    message: /host-b has a domain legacy already \(paused\)/,
  });
  const other = { ...RUNNING, xml: definition('2', '') };
  const error = refusal(RUNNING, other) as Error & { hint: string };
  t.match(error, { code: 'CLASH', message: /host-b has another VM called legacy \(UUID 2, running\): it is not web/ });
  t.notMatch(error.hint, /destroy|undefine/);
});
