import t from 'tap';
import { macsOf } from '../../../lib/migration/coverage.js';
import { Reservation } from '../../../lib/migration/reserve.js';
import { tapName } from '../../../lib/model/names.js';
import type { Nic, Vm } from '../../../lib/model/topology.js';
import { Placement } from '../../../lib/placement/placement.js';
import type { SeenMac } from '../../../lib/plan/moving-macs.js';
import { topologyOf } from '../plan/hosts.js';
import { partsOf, runOf } from './run.js';

const OWN = '52:54:00:09:00:01';
const [FIRST, SECOND] = ['52:54:00:09:00:77', '52:54:00:09:00:78'];
const at = (mac: string, port = tapName('plans', 'web', 0)): SeenMac => ({ mac, port, place: 'host-a' });

/**
 * A migration of web without port security, behind whose NIC FIRST was heard, when all is reserved; `hear` is the
 * source's switch.
 */
async function reserved() {
  const plain = topologyOf();
  const [web] = plain.vms;
  const [nic] = web?.nics ?? [];
  const vm = { ...web, nics: [{ ...nic, allow: { ...nic?.allow, any: true } } as Nic] } as Vm;
  const topology = { ...plain, vms: [vm] };
  const placement = new Placement(topology);
  const done: string[] = [];
  let hear: (seen: SeenMac) => void = () => {};
  const follower = { stop: async () => {}, hurry: () => {}, gap: () => null };
  const hostNamed = (name: string) =>
    partsOf(name, {
      vms: {
        control: async () => ({ close: async () => {} }) as never,
        followRunState: async () => ({ stop: async () => {} }),
      },
      path: {
        fdb: async () => [at(OWN), at(FIRST)],
        followLearning: async (_, onSeen) => {
          hear = onSeen;
          return follower;
        },
        followFdb: async (_, macs) => {
          done.push(`${name} follows ${macs}`);
          return follower;
        },
        converge: async () => {
          const { incoming } = placement.viewOf(name);
          done.push(`${name} waits for ${incoming.flatMap(({ macs }) => macs.map(({ mac }) => mac))}`);
        },
        redirect: async ({ macs }) => {
          done.push(`${name} stands by for ${macs}`);
          const say = (what: string) => async () => void done.push(`${name}: ${what}`);
          return { arm: say('arm'), disarm: say('disarm'), drop: say('drop'), close: say('close') };
        },
      },
    });
  const hosts = [hostNamed('host-a'), hostNamed('host-b')];
  const { run } = runOf({ topology, hosts, run: { placement } });
  const reservation = new Reservation(run, []);
  await reservation.make();
  done.length = 0;
  return { reservation, done, hear: (seen: SeenMac) => hear(seen) };
}

const moving = ({ moving: { macs } }: Reservation) => macs.map(({ mac }) => mac);

t.test('who comes while the copy is far from its end gets what those have who were there', async (t) => {
  const { reservation, done, hear } = await reserved();
  t.same(moving(reservation), [OWN, FIRST]);
  reservation.coverNewcomers();
  await reservation.covered();
  t.same(done, [], 'nobody has come');
  hear(at(SECOND));
  reservation.coverNewcomers();
  await reservation.covered();
  t.same(done.sort(), [
    `host-a follows ${SECOND}`,
    `host-a stands by for ${SECOND}`,
    `host-b follows ${SECOND}`,
    `host-b stands by for ${SECOND}`,
    `host-b waits for ${OWN},${FIRST},${SECOND}`,
  ]);
  t.same(moving(reservation), [OWN, FIRST, SECOND]);
  done.length = 0;
  await reservation.redirects.armInTime({ kind: 'post-copy', why: '', isLast: false });
  t.same(done.sort(), ['host-a: arm', 'host-a: arm', 'host-b: arm', 'host-b: arm'], 'armed with the others');
  reservation.moving.takeLatecomers();
  t.ok(macsOf(reservation.moving).every(({ covered }) => covered));
});

t.test('who comes when the copy is held is announced, and named as not covered', async (t) => {
  const { reservation, done, hear } = await reserved();
  hear(at(SECOND));
  reservation.coverNewcomers();
  reservation.hold();
  await reservation.covered();
  t.ok(done.includes('host-a: close') && done.includes('host-b: close'), 'what stood by too late has gone again');
  reservation.moving.takeLatecomers();
  t.same(moving(reservation), [OWN, FIRST, SECOND]);
  t.match(macsOf(reservation.moving), [
    { mac: OWN, origin: 'nic', covered: true },
    { mac: FIRST, origin: 'learned', covered: true },
    { mac: SECOND, origin: 'learned', covered: false, why: /first heard when the copy was at its end/ },
  ]);
});

t.test('who was heard elsewhere by then is not announced from here', async (t) => {
  const { reservation, hear } = await reserved();
  hear(at(FIRST, 'vx-host-c'));
  reservation.moving.letGo();
  t.same(moving(reservation), [OWN]);
});
