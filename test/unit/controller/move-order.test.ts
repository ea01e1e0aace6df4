import t from 'tap';
import { moveOrder, orderText } from '../../../lib/controller/move-order.js';
import type { Topology } from '../../../lib/model/topology.js';
import { MOVES_PER_HOST, type ScheduledMove } from '../../../lib/placement/schedule.js';
import { topologyOf } from '../plan/hosts.js';
import { Fleet } from './fleet.js';

const MIB = 2 ** 20;
const NIC = 'nics: [{network: blue, mac: "52:54:00:09:00:02", address: 10.9.0.2/24}]';
const db = (host: string, more = '') =>
  ['vms:\n', `vms:\n  db:\n    host: ${host}\n    image: micro\n    ${NIC}\n${more}`] as const;
/** Only a lab's links have a rate that is known. */
const slow = (topology: Topology, name = 'left'): Topology => ({
  ...topology,
  underlay: topology.underlay.map((segment) => (segment.name === name ? { ...segment, rate: '100mbit' } : segment)),
});
const away = (vm: string, from = 'host-a', to = 'host-b') => ({ vm, from, to });

/** What guests write, by name; whatever else is asked for is a failure. */
function rates(known: Readonly<Record<string, number | null | Error>>) {
  const asked: string[] = [];
  const rateOf = async (_: unknown, domain: string) => {
    asked.push(domain);
    const rate = known[domain];
    if (rate === undefined || rate instanceof Error) throw rate ?? new Error(`nobody asks for ${domain}`);
    return rate;
  };
  return { asked, rateOf };
}

async function order(
  topology: Topology,
  migrations: readonly { vm: string; from: string; to: string }[],
  { rateOf }: ReturnType<typeof rates>,
) {
  const { controller } = new Fleet(topology);
  const given = migrations.map((one) => ({ ...one, why: '' }));
  return await moveOrder(controller, { current: topology, migrations: given }, MOVES_PER_HOST, rateOf);
}

const afterOf = (moves: readonly ScheduledMove[]) => moves.map(({ after }) => after);

t.test('guests are looked at only where two moves share a link of a known rate', async (t) => {
  const none = rates({});
  await order(topologyOf(db('host-a')), [away('web'), away('db')], none);
  await order(slow(topologyOf()), [away('web')], none);
  await order(slow(topologyOf(db('host-b'))), [away('web'), away('db', 'host-b', 'host-c')], none);
  await order(slow(topologyOf(db('host-b'))), [away('web'), away('db', 'host-b', 'host-a')], none);
  const within = slow(topologyOf(db('host-b')), 'right');
  await order(within, [away('web', 'host-b', 'host-c'), away('db', 'host-b', 'host-c')], none);
  t.strictSame(none.asked, [], 'no rate; alone; within a segment; in the other direction');
  const both = rates({ web: 0, db: 0 });
  await order(slow(topologyOf(db('host-a'))), [away('web'), away('db')], both);
  t.strictSame(both.asked.sort(), ['db', 'web']);
});

t.test('guests that write much wait for each other on a slow link, idle ones do not', async (t) => {
  const topology = slow(topologyOf(db('host-a')));
  const moves = [away('web'), away('db')];
  t.match(await order(topology, moves, rates({ web: 8 * MIB, db: 8 * MIB })), [
    { vm: 'web', why: /^$/ },
    { vm: 'db', after: ['web'], why: 'one after the other is quicker on the link out of left' },
  ]);
  t.strictSame(afterOf(await order(topology, moves, rates({ web: 0, db: 0 }))), [[], []]);
  const slowEnd = slow(topologyOf(db('host-a')), 'right');
  const [, second] = await order(slowEnd, moves, rates({ web: 8 * MIB, db: 8 * MIB }));
  t.match(second, { after: ['web'], why: /on the link into right/ });
});

t.test('a guest that cannot be looked at counts as one that writes nothing', async (t) => {
  const topology = slow(topologyOf(db('host-a')));
  const moves = [away('web'), away('db')];
  for (const unknown of [new Error('libvirt is silent'), null])
    t.strictSame(afterOf(await order(topology, moves, rates({ web: unknown, db: unknown }))), [[], []]);
});

t.test('what a VM may use at most counts: two that leave room for each other go at once', async (t) => {
  const limit = '    migration: {strategy: pre-copy, bandwidth: 5MiB}\n';
  const limited = topologyOf(db('host-a', limit), ['  web:\n', `  web:\n${limit}`]);
  const busy = { web: 4 * MIB, db: 4 * MIB };
  const moves = [away('web'), away('db')];
  t.strictSame(afterOf(await order(slow(topologyOf(db('host-a'))), moves, rates(busy))), [[], ['web']]);
  t.strictSame(afterOf(await order(slow(limited), moves, rates(busy))), [[], []]);
});

t.test('a plan says who goes at once, and who waits for whom and why', async (t) => {
  const first = { ...away('web'), after: [], why: '' };
  const second = { ...away('db'), after: ['web'], why: 'one at a time' };
  const third = { ...away('dns'), after: ['web', 'db'], why: '2 at a time for a host' };
  const all = [first, second, third];
  t.strictSame(
    all.map((one) => orderText(one, all)),
    ['at once', 'when web has moved (one at a time)', 'when web and db have moved (2 at a time for a host)'],
  );
  t.equal(orderText(first, [first]), '', 'of the only one there is nothing to say');
});
