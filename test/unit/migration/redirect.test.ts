import t from 'tap';
import type { MigrationContext } from '../../../lib/migration/context.js';
import { copy } from '../../../lib/migration/copy.js';
import type { MigrationControl, MigrationHost, Redirect } from '../../../lib/migration/needs.js';
import { ARMING_LIMIT_MS, redirect } from '../../../lib/migration/redirect.js';
import type { VxmigEvent } from '../../../lib/model/event.js';
import { topologyOf } from '../plan/hosts.js';

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
  const control: Pick<MigrationControl, 'jobStats' | 'setSpeed' | 'setMaxDowntime'> = {
    jobStats: async () => {
      done.push(`look at pass ${pass}`);
      pass += 1;
      const figures = {
        memory_total: 128 * MIB,
        memory_processed: 100 * MIB,
        memory_remaining: PASS_BYTES,
        memory_bps: 64 * MIB,
        memory_iteration: pass - 1,
      };
      return `Job type: 2\n${Object.entries(figures)
        .map(([name, value]) => `${name}: ${value}\n`)
        .join('')}`;
    },
    setSpeed: async (speed) => void done.push(`speed ${speed}`),
    setMaxDowntime: async (ms) => void done.push(`downtime ${ms}`),
  };
  const guard: Redirect = {
    arm: async () => {
      const ms = armingMs[attempts] ?? 0;
      attempts += 1;
      done.push('arm');
      await new Promise((resolve) => setTimeout(resolve, ms));
    },
    disarm: async () => void done.push('disarm'),
    drop: async () => void done.push('drop'),
    close: async () => void done.push('close'),
  };
  const topology = topologyOf();
  const warnings: string[] = [];
  const source = { name: 'host-a', migrate: async () => ({ isOver: false, ended: new Promise(() => {}) }) };
  const context = {
    topology,
    vm: topology.vms[0],
    domain: 'web',
    source: source as unknown as MigrationHost,
    destination: { name: 'host-b', primeTap: async () => {}, traceFrames: async () => [] } as unknown as MigrationHost,
    hosts: [],
    options: { strategy: 'pre-copy', bandwidthBytesPerSecond: null, timeoutMs: 10_000, redirect: true },
    control: control as MigrationControl,
    emit: (event: VxmigEvent) => {
      if (event.kind === 'warning') warnings.push(`${event.vm}: ${event.text}`);
    },
    signal: new AbortController().signal,
    domainXml: '',
    fdbFollowers: [],
    macs: [],
    left: [],
    seen: new Map(),
    covering: null,
    queuesBefore: null,
    unready: null,
    stoppedAtMs: null,
    armings: [],
    held: false,
    copyOn: null,
    armingAtMs: null,
    armedAtMs: null,
    liftedAtMs: null,
    redirects: [{ redirect: guard, onTheWay: false }],
  } as unknown as MigrationContext;
  await copy(context);
  context.unready = Promise.resolve(null);
  done.length = 0;
  await redirect(context);
  return { done, warnings, context };
}

t.test('armed in time: the gate opens', async (t) => {
  const { done, warnings, context } = await switched([0]);
  t.strictSame(done, ['arm', 'speed 8192', 'downtime 30']);
  t.strictSame(warnings, []);
  t.match(context.armings, [{ inTime: true }]);
  t.equal(context.redirects.length, 1);
  t.not(context.armedAtMs, null);
});

t.test(
  'arming that takes too long is taken back, the copy goes on, and it is tried again at a later pass',
  async (t) => {
    const { done, warnings, context } = await switched([ARMING_LIMIT_MS + 50, 0]);
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
      /^web: sending frames ahead took \d+ ms to arrange, more than the 300 ms .*: the copy goes on, and it is tried again at the next pass$/,
    ]);
    t.match(context.armings, [{ inTime: false }, { inTime: true }]);
    t.equal(context.redirects.length, 1);
  },
);

t.test('after three attempts the guest is migrated the plain way, and that is said', async (t) => {
  const { done, warnings, context } = await switched([0, 0, 0].map(() => ARMING_LIMIT_MS + 50));
  t.equal(done.filter((what) => what === 'arm').length, 3);
  t.strictSame(done.slice(-4), ['disarm', 'close', 'speed 8192', 'downtime 30'], 'nothing is sent ahead when it opens');
  t.match(
    warnings.at(-1),
    /3 times in a row\. It is migrated the plain way: what is sent to it while it is paused is lost$/,
  );
  t.match(context, { redirects: [], armedAtMs: null, liftedAtMs: null });
});
