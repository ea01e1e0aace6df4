import t from 'tap';
import type { MigrationControl } from '../../../lib/compute/driver.js';
import { parseJobStats } from '../../../lib/measure/jobinfo.js';
import { Copy } from '../../../lib/migration/copy.js';
import { redirect } from '../../../lib/migration/redirect.js';
import { ARMING_LIMIT_MS } from '../../../lib/migration/redirects.js';
import { Reservation } from '../../../lib/migration/reserve.js';
import { WITHOUT_DISKS } from '../../../lib/model/disk.js';
import { tapName } from '../../../lib/model/names.js';
import { partsOf, runOf } from './run.js';

const MIB = 1024 * 1024;
/** Passes as a guest with little to do makes them: each look finds the copy in the next one. */
const PASS_BYTES = 0.4 * MIB;

/**
 * What a source, its copy and its redirect did, in order. Arming takes as long as the list says, attempt by attempt.
 */
async function switched(armingMs: readonly number[]) {
  const done: string[] = [];
  let pass = 2;
  let attempts = 0;
  const control: MigrationControl = {
    statistics: async () => {
      done.push(`look at pass ${pass}`);
      pass += 1;
      const figures = {
        memory_total: 128 * MIB,
        memory_processed: 100 * MIB,
        memory_remaining: PASS_BYTES,
        memory_bps: 64 * MIB,
        memory_iteration: pass - 1,
      };
      return parseJobStats(
        `Job type: 2\n${Object.entries(figures)
          .map(([name, value]) => `${name}: ${value}\n`)
          .join('')}`,
      );
    },
    setSpeed: async (speed) => void done.push(`speed ${speed}`),
    setMaxDowntime: async (ms) => void done.push(`downtime ${ms}`),
    startPostCopy: async () => void done.push('post-copy'),
    close: async () => {},
  };
  const standsBy = (host: string) => ({
    arm: async () => {
      if (host !== 'host-a') return;
      const ms = armingMs[attempts] ?? 0;
      attempts += 1;
      done.push('arm');
      await new Promise((resolve) => setTimeout(resolve, ms));
    },
    disarm: async () => void (host === 'host-a' && done.push('disarm')),
    drop: async () => {},
    close: async () => void (host === 'host-a' && done.push('close')),
  });
  const follower = { stop: async () => {}, hurry: () => {}, gap: () => null };
  const hostNamed = (name: string) =>
    partsOf(name, {
      vms: {
        control: async () => control,
        followRunState: async () => follower,
        migrate: async () => ({ isOver: false, outcome: new Promise(() => {}) }),
      },
      path: {
        converge: async () => {},
        redirect: async () => standsBy(name),
        followFdb: async () => follower,
        primeTap: async () => {},
        queueDrops: async () => [],
        traceFrames: async (nic) => [
          [
            {
              cameInBy: '',
              outputs: [{ port: tapName('plans', nic.vm, nic.index), leadsTo: name }],
              problem: null,
              text: '',
            },
          ],
        ],
      },
    });
  const { run, warnings } = runOf({ hosts: [hostNamed('host-a'), hostNamed('host-b')] });
  const reservation = new Reservation(run, []);
  await reservation.make();
  const checked = { id: '', startsWithHost: false, memoryBytes: null, unlinkedMacs: [], storage: WITHOUT_DISKS };
  const copy = new Copy(run, checked, reservation);
  await copy.make();
  done.length = 0;
  await redirect(run, reservation, copy);
  return { done, warnings: warnings(), redirects: reservation.redirects };
}

t.test('armed in time: the gate opens', async (t) => {
  const { done, warnings, redirects } = await switched([0]);
  t.strictSame(done, ['arm', 'speed 8192', 'downtime 30']);
  t.strictSame(warnings, []);
  t.match(redirects.armings, [{ inTime: true, undoneAtMs: null }]);
  t.ok(redirects.stand);
  t.not(redirects.instants.armedAtMs, null);
});

t.test('arming that takes too long is undone, the copy goes on, and it is tried again at a later pass', async (t) => {
  const { done, warnings, redirects } = await switched([ARMING_LIMIT_MS + 50, 0]);
  t.strictSame(done, [
    'arm',
    'disarm',
    'look at pass 3',
    'speed 1',
    'look at pass 4',
    'speed 1',
    'arm',
    'speed 8192',
    'downtime 30',
  ]);
  t.match(warnings, [
    /^sending frames ahead took \d+ ms to arrange, more than the 300 ms .*: the copy goes on, and it is tried again at the next pass$/,
  ]);
  t.match(redirects.armings, [
    { inTime: false, undoneAtMs: Number },
    { inTime: true, undoneAtMs: null },
  ]);
  t.ok(redirects.stand);
});

t.test('after three attempts the guest is migrated the plain way, and that is said', async (t) => {
  const { done, warnings, redirects } = await switched([0, 0, 0].map(() => ARMING_LIMIT_MS + 50));
  t.equal(done.filter((what) => what === 'arm').length, 3);
  t.strictSame(done.slice(-4), ['disarm', 'close', 'speed 8192', 'downtime 30'], 'nothing is sent ahead when it opens');
  t.match(
    warnings.at(-1),
    /3 times in a row\. It is migrated the plain way: what is sent to it while it is paused is lost$/,
  );
  t.notOk(redirects.stand);
  t.match(redirects.instants, { armedAtMs: null, liftedAtMs: null });
});
