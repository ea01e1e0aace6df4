import t from 'tap';
import { awaitGuests } from '../../../lib/controller/await-guests.js';
import type { VxmigEvent } from '../../../lib/model/event.js';
import { probePortName } from '../../../lib/model/names.js';
import { appliedHosts, topologyOf } from '../plan/hosts.js';
import { Fleet } from './fleet.js';

const TOPOLOGY = topologyOf();
const DOWN = { exitCode: 1 };
const ASKED = /^ip netns exec /;

function awaited(fleet: Fleet, how: { started?: string[]; timeoutMs?: number; signal?: AbortSignal } = {}) {
  const told: string[] = [];
  const emit = (event: VxmigEvent) => {
    if (event.kind === 'warning') told.push(event.text);
  };
  const { signal } = new AbortController();
  const asked = { topology: TOPOLOGY, started: ['web'], emit, signal, timeoutMs: 60_000, ...how };
  return { told, over: awaitGuests(fleet.controller, asked) };
}

t.test('a guest is asked for at each of its addresses, by the host that watches it, out of its own port', async (t) => {
  const fleet = new Fleet(TOPOLOGY, appliedHosts(TOPOLOGY));
  const { told, over } = awaited(fleet);
  await over;
  t.strictSame(told, []);
  const port = probePortName(TOPOLOGY.name, 'blue', 'host-c');
  const lines = fleet
    .shell('host-c')
    .ran(ASKED)
    .map((line) => line.split(' <<< ')[0]);
  t.strictSame(lines, [`ip netns exec ${port} sh -s -- 10.9.0.1`, `ip netns exec ${port} sh -s -- fd00:9::1`]);
  t.strictSame(fleet.shell('host-a').asked, []);
});

t.test('one that boots is asked again until it answers', async (t) => {
  const fleet = new Fleet(TOPOLOGY, appliedHosts(TOPOLOGY));
  let tries = 0;
  fleet.shell('host-c').on(/ 10\.9\.0\.1 /, () => (++tries < 3 ? DOWN : ''));
  const { told, over } = awaited(fleet);
  await over;
  t.equal(tries, 3);
  t.strictSame(told, []);
});

t.test('one that never answers is a warning that says where to look, and no failure', async (t) => {
  const fleet = new Fleet(TOPOLOGY, appliedHosts(TOPOLOGY));
  fleet.shell('host-c').on(/ 10\.9\.0\.1 /, DOWN);
  const { told, over } = awaited(fleet, { timeoutMs: -1 });
  await over;
  t.strictSame(told, [
    'web was started, but does not answer host-c at 10.9.0.1: `virsh console web` on host-a shows whether it has ' +
      'booted',
  ]);
});

t.test('guests that nobody has started, or nobody watches, are not asked for', async (t) => {
  const fleet = new Fleet(TOPOLOGY, appliedHosts(TOPOLOGY));
  await awaited(fleet, { started: [] }).over;
  await awaitGuests(fleet.controller, {
    topology: {
      ...TOPOLOGY,
      probes: TOPOLOGY.probes.map((probe) => ({ ...probe, from: { kind: 'vm', name: 'web' } })),
    },
    started: ['web'],
    emit: () => {},
    signal: new AbortController().signal,
    timeoutMs: 0,
  });
  t.strictSame(fleet.shell('host-c').asked, []);
});

t.test('an interrupt ends the waiting', async (t) => {
  const fleet = new Fleet(TOPOLOGY, appliedHosts(TOPOLOGY));
  const interrupt = new AbortController();
  fleet.shell('host-c').on(ASKED, () => {
    interrupt.abort(new Error('interrupted'));
    return DOWN;
  });
  await t.rejects(awaited(fleet, { signal: interrupt.signal }).over, { message: 'interrupted' });
});
