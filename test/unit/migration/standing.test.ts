import t from 'tap';
import { sightOf } from '../../../lib/compute/libvirt/driver.js';
import { refuseUnsettled } from '../../../lib/migration/standing.js';
import { type LibvirtDomain, PAUSED_BY_MIGRATION } from '../../../lib/model/libvirt-domain.js';
import type { Topology } from '../../../lib/model/topology.js';
import { nicsOf } from '../../../lib/plan/desired-vms.js';
import { topologyOf } from '../plan/hosts.js';
import { runOf } from './run.js';

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
const RUNNING: Domain = { state: 'running', reason: '', xml: CONNECTED, live: CONNECTED, persistent: true };

type Domain = Pick<LibvirtDomain, 'state' | 'reason' | 'xml' | 'live' | 'persistent'>;

const seenAt = (host: string, domain: Domain) => ({
  host,
  seen: sightOf(host, {
    ...domain,
    name: 'legacy',
    pausedByMigration: PAUSED_BY_MIGRATION.includes(domain.reason),
    autostart: false,
    saved: false,
  }),
});

/** The VM as host-a and host-b have it, on its way from the one to the other. */
function refusal(here: Domain | null, there: Domain | null = null): unknown {
  const { run } = runOf({ topology: TOPOLOGY });
  const places = [
    ...(here === null ? [] : [seenAt('host-a', here)]),
    ...(there === null ? [] : [seenAt('host-b', there)]),
  ];
  try {
    refuseUnsettled(run, places);
    return null;
  } catch (error) {
    return error;
  }
}

t.test('a VM that stands as a move needs it', async (t) => {
  t.equal(refusal(RUNNING), null);
});

t.test('one that does not is refused, with its state by its name', async (t) => {
  const paused: Domain = { ...RUNNING, state: 'paused', reason: 'user' };
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
