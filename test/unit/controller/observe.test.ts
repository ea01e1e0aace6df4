import t from 'tap';
import { expectedOf, observeHost } from '../../../lib/controller/observe.js';
import { MARK_NAMESPACE } from '../../../lib/model/domain-marks.js';
import { bridgeName } from '../../../lib/model/names.js';
import type { ObservedBridge } from '../../../lib/plan/observed.js';
import { appliedHosts, topologyOf } from '../plan/hosts.js';
import { ScriptedShell } from './scripted-shell.js';

const TOPOLOGY = topologyOf();
const BLUE = bridgeName(TOPOLOGY.name, 'blue');
const FLOW = 'cookie=0x7678000100000000, table=10, priority=0 actions=goto_table:20';
const KERNEL = '=== ssh\n192.0.2.1 50000 192.0.2.7 22\n=== datapath\nyes\n=== links\n[]\n=== switch\n3.1.0\n';
const UUID = '6c1b7b5e-0000-4000-8000-000000000001';
const XML = `<domain type='qemu'><name>web</name><uuid>${UUID}</uuid><metadata><vxmig:vm
 xmlns:vxmig='${MARK_NAMESPACE}' topology='plans' name='web' spec='s'/></metadata></domain>`;
const DOMAINS =
  `=== vxmig domains\n ${UUID} web\n=== vxmig ${UUID}\nrunning (booted)\n\nPersistent: yes\n\n` +
  `${XML}\n=== live definition\n${XML}\n\n=== vxmig end\n`;

/** A host whose database has those bridges. */
function host(bridges: readonly Partial<ObservedBridge>[], kernel = `${KERNEL}=== flows ${BLUE}\n${FLOW}\n`) {
  const shell = new ScriptedShell('host-a').on(/^sh -s -- /, kernel).on(/^sh -s <<< /, DOMAINS);
  const [applied] = appliedHosts(TOPOLOGY);
  const all = bridges.map((bridge) => ({ ...applied?.bridges[0], ...bridge }) as ObservedBridge);
  const ovs = { read: async () => ({ version: '3.1.0', bridges: all }) };
  const look = async (topology = TOPOLOGY) =>
    await observeHost({ name: 'host-a', shell, ovs }, topology.name, expectedOf(topology));
  return { shell, look };
}

t.test(
  'one command and one list of domains are enough, and the flows of expected bridges come with them',
  async (t) => {
    const { shell, look } = host([{ name: BLUE }]);
    const seen = await look();
    t.equal(shell.asked.length, 2, shell.asked.map((line) => line.slice(0, 40)).join('; '));
    t.match(shell.asked[0], new RegExp(`^sh -s -- /var/lib/vxmig/seeds/plans ${BLUE} <<<`));
    t.match(seen, { host: 'host-a', ovsVersion: '3.1.0', kernelDatapath: true, kvm: false, sshAddress: '192.0.2.7' });
    t.strictSame(
      seen.bridges.map(({ name, flows }) => [name, flows.length]),
      [[BLUE, 1]],
    );
    t.match(seen.domains, [{ name: 'web', state: 'running', xml: XML, owner: { topology: 'plans', vm: 'web' } }]);
  },
);

t.test(
  'of a network that the file no longer has the flows are read too, and nothing of other people’s bridges',
  async (t) => {
    const gone = bridgeName(TOPOLOGY.name, 'gone');
    const theirs = { 'vxmig-topology': 'another' };
    const { shell, look } = host([{ name: BLUE }, { name: gone }, { name: 'br-int', externalIds: theirs }]);
    shell
      .on(/dump-flows "\$bridge"/, `=== ${gone}\n ${FLOW}\n ${FLOW.replace('=0 ', '=1 ')}\n`)
      .on(/^sh -s -- /, KERNEL);
    shell.on(/^sh -s -- /, `${KERNEL}=== flows ${BLUE}\n${FLOW}\n`);
    const seen = await look();
    t.strictSame(
      seen.bridges.map(({ name, flows }) => [name, flows.length]),
      [
        [BLUE, 1],
        [gone, 2],
        ['br-int', 0],
      ],
    );
    t.match(shell.ran(/dump-flows "\$bridge"/).at(-1), new RegExp(` sh ${gone}$`));
  },
);

t.test('a host without libvirt is in order where the file has no VMs, and is told as unfit where it has', async (t) => {
  const silent = { exitCode: 1, stderr: 'error: failed to connect' };
  const { shell, look } = host([{ name: BLUE }]);
  shell.on(/^sh -s <<< /, silent);
  t.strictSame((await look({ ...TOPOLOGY, vms: [] })).domains, []);
  await t.rejects(look(), { code: 'HOST_UNFIT', message: /host-a has no libvirt, and the topology has VMs/ });
});

t.test('a libvirt that is there and silent is never taken for a host without domains', async (t) => {
  const { shell, look } = host([], `${KERNEL}=== libvirt\n/etc/libvirt/qemu/web.xml\n`);
  shell.on(/^sh -s <<< /, { exitCode: 1, stderr: 'error: failed to connect' });
  await t.rejects(look({ ...TOPOLOGY, vms: [] }), { code: 'COMMAND_FAILED', message: /failed to connect/ });
});
