import fc from 'fast-check';
import t from 'tap';
import { MIGRATION_STAGES } from '../../../lib/migration/stages.js';
import { VxmigError } from '../../../lib/model/errors.js';
import { STRATEGY_NAMES, strategyOf } from '../../../lib/strategies/registry.js';
import { type Trouble, World } from './world.js';
import { checkWorld, failing } from './world-check.js';

const NAMES = MIGRATION_STAGES.map(({ name }) => name);

for (const strategy of STRATEGY_NAMES) {
  for (const redirect of [true, false]) {
    t.test(
      `${strategy}${redirect ? '' : ', nothing sent ahead'}: all stages, in order, and the VM is there`,
      async (t) => {
        // Without the redirect the hypervisor itself decides when it is paused.
        const letsGo = redirect || strategyOf(strategy).alwaysSteers || strategy === 'post-copy';
        if (!letsGo) return t.pass('nobody lets it go in this world');
        const world = new World();
        const { result } = await world.migrate({ strategy, redirect });
        t.match(result, { ok: true, outcome: 'migrated', convergence: { converged: true } });
        t.same(
          result.stages.map(({ stage }) => stage),
          NAMES,
        );
        t.same([...world.taps], ['host-b'], 'the source has given back what it held');
        t.same([...world.images], [['host-b', 'its']], 'the disk is where the VM is, and nowhere else');
        t.same([...world.redirects], []);
        t.ok(result.certificate?.verdict.ok, `${result.certificate?.verdict.text}`);
        t.match(world.placement.placeOf('web'), { kind: 'at', host: 'host-b' });
        checkWorld(t, world, result, strategy);
      },
    );
  }
}

t.test('what fails before the gate opens is undone, wherever it fails', async (t) => {
  const calls = [
    'source lookAhead',
    'destination receive',
    'onlooker look',
    'destination converge',
    'source control',
    'source followRunState',
    'destination followRunState',
    'onlooker followFdb',
    'destination redirect',
    'source redirect',
    'source migrate',
    'source setMaxDowntime',
    'destination primeTap',
    'source setSpeed',
    'source arm',
    'destination arm',
  ];
  await Promise.all(
    calls.map(async (call) => {
      const world = new World(failing(call));
      const { result } = await world.migrate();
      t.equal(result.outcome, 'rolled-back', call);
      t.same([...world.images], [['host-a', 'its']], call);
      t.ok(
        result.stages.every(({ stage }) => stage !== 'switch over'),
        call,
      );
      checkWorld(t, world, result, call);
    }),
  );
});

t.test('what fails after its arrival does not bring it back', async (t) => {
  const calls = [
    'destination announce',
    'destination acceptLate',
    'source refuseLate',
    'onlooker traceFrames',
    'source converge',
  ];
  await Promise.all(
    calls.map(async (call) => {
      const world = new World(failing(call));
      const { result } = await world.migrate();
      t.match(result, { outcome: 'migrated', ok: false }, call);
      t.same(
        result.stages.map(({ stage }) => stage),
        NAMES,
        `${call}: the stages after it run`,
      );
      checkWorld(t, world, result, call);
    }),
  );
});

t.test('a job that fails: where the VM then is, is found out', async (t) => {
  const cases: readonly (readonly [NonNullable<Trouble['job']>, string, string])[] = [
    ['fails copying', 'pre-copy', 'rolled-back'],
    ['fails paused', 'pre-copy', 'rolled-back'],
    ['fails paused at both', 'pre-copy', 'rolled-back'],
    ['well, told as failed', 'pre-copy', 'migrated'],
    ['fails copying', 'post-copy', 'rolled-back'],
    ['fails torn', 'post-copy', 'failed'],
    ['well, told as failed', 'post-copy', 'migrated'],
  ];
  await Promise.all(
    cases.map(async ([job, strategy, outcome]) => {
      const world = new World({ job });
      const { result } = await world.migrate({ strategy });
      t.equal(result.outcome, outcome, `${strategy}, ${job}: ${result.error?.message}`);
      checkWorld(t, world, result, `${strategy}, ${job}`);
      if (job === 'fails torn') t.ok(world.taps.has('host-b'), 'what a torn guest has at either end stays');
    }),
  );
});

t.test('a job that fails after the destination had its doubts: they are told with the failure', async (t) => {
  const world = new World({ job: 'fails copying', doubt: 'QEMU version: it is older' });
  const { result } = await world.migrate({ strategy: 'pre-copy' });
  t.match(result.error, {
    code: 'MIGRATION_ROLLED_BACK',
    hint: / host-b had its doubts: QEMU version: it is older\.$/,
  });
});

t.test('called off too late: an answer was lost, and the guest had been let go', async (t) => {
  for (const [strategy, call] of [
    ['pre-copy', 'source setMaxDowntime'],
    ['post-copy', 'source startPostCopy'],
  ] as const) {
    const skip = strategy === 'pre-copy' ? 1 : 0;
    const world = new World({ failing: new Map([[call, { times: 1, skip, kind: 'broken' }]]) });
    const { result } = await world.migrate({ strategy });
    t.match(result, { outcome: 'migrated', ok: false, error: { message: /the VM has moved all the same/ } });
    t.same(
      result.stages.map(({ stage }) => stage),
      [...NAMES.slice(0, 5), 'undo redirect', 'undo copy', ...NAMES.slice(-3)],
      'it keeps what was made for it, and what follows it goes on',
    );
    checkWorld(t, world, result, strategy);
  }
});

t.test('a destination that cannot be asked any more: nothing more is touched, and nobody claims to know', async (t) => {
  const world = new World({
    job: 'fails paused',
    failing: new Map([['destination hasJob', { times: 99, kind: 'broken' as const }]]),
  });
  const { result } = await world.migrate();
  t.match(result, { outcome: 'failed', error: { code: 'MIGRATION_FAILED', message: /could not be found out/ } });
  t.equal(world.at.get('host-a'), 'paused');
  t.ok(world.taps.has('host-b'), 'what was reserved stays');
  t.equal(world.placement.placeOf('web').kind, 'moving', 'nobody else takes it away either');
  checkWorld(t, world, result, 'cut off');
});

t.test('an undo that fails keeps no other from being undone', async (t) => {
  const world = new World({
    failing: new Map([
      ['destination converge', { times: 0, kind: 'refused' as const }],
      ['source arm', { times: 1, kind: 'refused' as const }],
      ['source resume', { times: 0, kind: 'refused' as const }],
    ]),
  });
  const { result } = await world.migrate();
  checkWorld(t, world, result, 'arming fails');
  t.same(
    result.stages.map(({ stage }) => stage).filter((stage) => stage.startsWith('undo')),
    ['undo redirect', 'undo copy', 'undo reserve'],
  );
});

t.test('random orders of events, failures and interruptions: the VM runs once, or nobody claims to know', async (t) => {
  const calls = [
    'source look',
    'destination look',
    'destination receive',
    'destination discard',
    'destination keep',
    'source remove',
    'source cancel',
    'source hasJob',
    'destination hasJob',
    'source resume',
    'destination stop',
    'destination converge',
    'source converge',
    'source statistics',
    'source setSpeed',
    'source setMaxDowntime',
    'source startPostCopy',
    'source arm',
    'destination arm',
    'source disarm',
    'destination announce',
    'destination lastStatistics',
    'onlooker fdb',
  ];
  const trouble = fc.record({
    job: fc.constantFrom<NonNullable<Trouble['job']>[]>(
      'well',
      'well',
      'well',
      'fails copying',
      'fails paused',
      'fails paused at both',
      'well, told as failed',
    ),
    fails: fc.uniqueArray(fc.constantFrom(...calls), { maxLength: 2 }),
    skip: fc.integer({ min: 0, max: 4 }),
    kind: fc.constantFrom<('refused' | 'broken')[]>('refused', 'broken'),
    strategy: fc.constantFrom(...STRATEGY_NAMES),
    jitterMs: fc.constantFrom(0, 2, 6),
    interruptedAtCall: fc.option(fc.integer({ min: 1, max: 80 })),
    seed: fc.integer({ min: 1, max: 2 ** 30 }),
  });
  // All at once: a world waits, it does not work.
  const worlds = fc.sample(trouble, { numRuns: 300, seed: Date.now() % 2 ** 30 });
  const outcomes = new Map<string, number>();
  await Promise.all(
    worlds.map(async (given) => {
      let seed = given.seed;
      const random = () => {
        seed = (seed * 48_271) % 2_147_483_647;
        return seed / 2_147_483_647;
      };
      const failing = new Map(given.fails.map((call) => [call, { times: 1, skip: given.skip, kind: given.kind }]));
      const interrupted = new AbortController();
      const onCall = (count: number) => {
        if (count === given.interruptedAtCall) interrupted.abort(new VxmigError('INTERRUPTED', 'interrupted'));
      };
      const { job, jitterMs } = given;
      const world = new World({ job, failing, jitterMs, random, onCall });
      const { result } = await world.migrate({ strategy: given.strategy, timeoutMs: 4_000 }, interrupted.signal);
      outcomes.set(result.outcome, (outcomes.get(result.outcome) ?? 0) + 1);
      checkWorld(t, world, result, JSON.stringify(given));
    }),
  );
  t.comment(JSON.stringify([...outcomes]));
  t.equal(outcomes.size, 3, 'all three ways of ending were met');
});
