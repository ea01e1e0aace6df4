import t from 'tap';
import type { MigrationContext } from '../../../lib/migration/context.js';
import { macsOf, unwatchedNics } from '../../../lib/migration/coverage.js';
import { findMovingMacs, letGo, takeLatecomers } from '../../../lib/migration/moving.js';
import { coverNewcomers } from '../../../lib/migration/newcomers.js';
import { tapName } from '../../../lib/model/names.js';
import type { Nic, Vm } from '../../../lib/model/topology.js';
import { knownMacs, type SeenMac } from '../../../lib/plan/moving-macs.js';
import { topologyOf } from '../plan/hosts.js';

const OWN = '52:54:00:09:00:01';
const [FIRST, SECOND] = ['52:54:00:09:00:77', '52:54:00:09:00:78'];
const at = (mac: string, port = tapName('plans', 'web', 0)): SeenMac => ({ mac, port, place: 'host-a' });

/** A migration of web without port security, behind whose NIC FIRST was heard; `hear` is the source's switch. */
async function reserved(how: Partial<MigrationContext> = {}) {
  const topology = topologyOf();
  const [web] = topology.vms;
  const [nic] = web?.nics ?? [];
  const vm = { ...web, nics: [{ ...nic, allow: { ...nic?.allow, any: true } } as Nic] } as Vm;
  const done: string[] = [];
  let hear: (seen: SeenMac) => void = () => {};
  const follower = { stop: async () => {}, hurry: () => {}, gap: () => null };
  const hostNamed = (name: string) => ({
    name,
    fdb: async () => [at(OWN), at(FIRST)],
    followLearning: async (_: string, onSeen: (seen: SeenMac) => void) => {
      hear = onSeen;
      return follower;
    },
    followFdb: async (_: string, macs: readonly string[]) => {
      done.push(`${name} follows ${macs}`);
      return follower;
    },
    converge: async ({ incoming }: { incoming: readonly { macs: readonly { mac: string }[] }[] }) => {
      done.push(`${name} waits for ${incoming.flatMap(({ macs }) => macs.map(({ mac }) => mac))}`);
    },
    redirect: async ({ macs }: { macs: readonly string[] }) => {
      done.push(`${name} stands by for ${macs}`);
      const say = (what: string) => async () => void done.push(`${name}: ${what}`);
      return { arm: say('arm'), disarm: say('disarm'), drop: say('drop'), close: say('close') };
    },
  });
  const [source, destination] = [hostNamed('host-a'), hostNamed('host-b')];
  const context = {
    ...{ topology: { ...topology, vms: [vm] }, vm, source, destination, hosts: [source, destination] },
    ...{
      options: { redirect: true },
      macs: knownMacs(topology, vm),
      left: [],
      unlinked: [],
      seen: new Map(),
      covering: null,
    },
    ...{ followers: [], fdbFollowers: [], fdbMoves: new Map(), emit: () => undefined, held: false, probes: [] },
    redirects: [{ redirect: {}, onTheWay: false }],
    ...how,
  } as unknown as MigrationContext;
  await findMovingMacs(context);
  return { context, done, hear: (seen: SeenMac) => hear(seen) };
}

const moving = ({ macs }: MigrationContext) => macs.map(({ mac }) => mac);

t.test('who comes while the copy is far from its end gets what those have who were there', async (t) => {
  const { context, done, hear } = await reserved();
  t.same(moving(context), [OWN, FIRST]);
  coverNewcomers(context);
  t.equal(context.covering, null, 'nobody has come');
  hear(at(SECOND));
  coverNewcomers(context);
  await context.covering;
  t.same(done.sort(), [
    `host-a follows ${SECOND}`,
    `host-a stands by for ${SECOND}`,
    `host-b follows ${SECOND}`,
    `host-b stands by for ${SECOND}`,
    `host-b waits for ${OWN},${FIRST},${SECOND}`,
  ]);
  t.same(moving(context), [OWN, FIRST, SECOND]);
  t.equal(context.redirects.length, 3);
  takeLatecomers(context);
  t.ok(macsOf(context).every(({ covered }) => covered));
});

t.test('who comes when the copy is held is announced, and named as not covered', async (t) => {
  const { context, done, hear } = await reserved();
  hear(at(SECOND));
  coverNewcomers(context);
  context.held = true;
  await context.covering;
  t.same(context.redirects.length, 1, 'what came to stand by too late has gone again');
  t.ok(done.includes('host-a: close') && done.includes('host-b: close'));
  takeLatecomers(context);
  t.same(moving(context), [OWN, FIRST, SECOND]);
  t.match(macsOf(context), [
    { mac: OWN, origin: 'nic', covered: true },
    { mac: FIRST, origin: 'learned', covered: true },
    { mac: SECOND, origin: 'learned', covered: false, why: /first heard when the copy was at its end/ },
  ]);
});

t.test('who was heard elsewhere by then is not announced from here', async (t) => {
  const { context, hear } = await reserved();
  hear(at(FIRST, 'vx-host-c'));
  letGo(context);
  t.same(moving(context), [OWN]);
});

t.test('a NIC that no ping watches is named', async (t) => {
  const { context } = await reserved();
  t.match(unwatchedNics(context), [{ mac: OWN, network: 'blue', why: 'no probe watches the VM' }]);
  const probe = { from: 'host-c', to: 'web', network: 'blue', address: '10.9.0.1', guest: null };
  const watched = { ...context, probes: [probe] } as unknown as MigrationContext;
  t.same(unwatchedNics(watched), []);
  const second = { ...context.vm.nics[0], network: 'red', mac: SECOND, addresses: [] } as Nic;
  const two = { ...watched, vm: { ...context.vm, nics: [...context.vm.nics, second] } };
  t.match(unwatchedNics(two), [{ mac: SECOND, network: 'red', why: 'the file gives it no address to ping' }]);
});
