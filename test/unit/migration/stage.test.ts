import t from 'tap';
import { runStages, type Stage, type StageHooks, type Whereabouts } from '../../../lib/migration/stage.js';
import { ERRORS, type ErrorCode, VxmigError } from '../../../lib/model/errors.js';

type Log = string[];

function hooks(place: Whereabouts = 'source'): StageHooks {
  return { started: () => {}, finished: () => {}, whereabouts: async () => place, nowMs: () => 0 };
}

interface Behaviour {
  readonly enter?: boolean;
  readonly rollback?: boolean;
  /** Where the rollback finds the VM. */
  readonly finds?: Whereabouts;
}

function step(kind: Stage<Log>['kind'], name: string, fails: Behaviour = {}): Stage<Log> {
  const act = (verb: string, failing: boolean | undefined) => async (log: Log) => {
    log.push(`${verb} ${name}`);
    // As virsh's own failure, which says nothing of where the VM is.
    if (failing) throw new VxmigError(kind === 'commit' ? 'MIGRATION_FAILED' : 'HOST_UNFIT', `${name} cannot ${verb}`);
  };
  const enter = act('enter', fails.enter);
  if (kind !== 'reversible') return { kind, name, purpose: '', enter };
  const undo = act('undo', fails.rollback);
  const rollback = async (log: Log) => {
    await undo(log);
    return fails.finds ?? 'source';
  };
  return { kind, name, purpose: '', enter, rollback };
}

t.test('all stages in order', async (t) => {
  const log: Log = [];
  const outcome = await runStages(
    [step('check', 'a'), step('reversible', 'b'), step('commit', 'c'), step('finish', 'd')],
    log,
    hooks(),
  );
  t.strictSame(log, ['enter a', 'enter b', 'enter c', 'enter d']);
  t.match(outcome, { outcome: 'migrated', error: null });
  t.strictSame(
    outcome.stages.map(({ stage }) => stage),
    ['a', 'b', 'c', 'd'],
  );
});

t.test('a stage that fails is undone first, then the earlier ones in reverse', async (t) => {
  const log: Log = [];
  const stages = [
    step('reversible', 'a'),
    step('check', 'b'),
    step('reversible', 'c', { enter: true }),
    step('commit', 'd'),
  ];
  const outcome = await runStages(stages, log, hooks());
  t.strictSame(log, ['enter a', 'enter b', 'enter c', 'undo c', 'undo a']);
  t.match(outcome, { outcome: 'rolled-back', error: { code: 'HOST_UNFIT', message: 'c cannot enter' } });
});

t.test('a rollback that fails joins the first error, and what the earlier stages made is left', async (t) => {
  const log: Log = [];
  const stages = [
    step('reversible', 'a'),
    step('reversible', 'b', { rollback: true }),
    step('check', 'c', { enter: true }),
  ];
  const outcome = await runStages(stages, log, hooks());
  t.strictSame(log, ['enter a', 'enter b', 'enter c', 'undo b']);
  t.equal(outcome.outcome, 'failed');
  t.match(outcome.error?.message, /^c cannot enter; the rollback failed too: b cannot undo$/);
});

t.test('a rollback that comes too late: the VM has moved, and keeps what was made for it', async (t) => {
  const stages = (finds: Whereabouts) => [
    step('reversible', 'a'),
    step('reversible', 'b', { finds }),
    step('reversible', 'c', { enter: true }),
    step('commit', 'd'),
    step('finish', 'e'),
  ];
  const log: Log = [];
  t.match(await runStages(stages('destination'), log, hooks()), {
    outcome: 'migrated',
    error: { message: 'c cannot enter' },
  });
  t.strictSame(log, ['enter a', 'enter b', 'enter c', 'undo c', 'undo b', 'enter d', 'enter e']);
  for (const place of ['both', 'unknown'] as const) {
    const log: Log = [];
    t.match(await runStages(stages(place), log, hooks()), { outcome: 'failed', error: { code: 'MIGRATION_FAILED' } });
    t.strictSame(log, ['enter a', 'enter b', 'enter c', 'undo c', 'undo b'], `${place}: nothing more is touched`);
  }
});

t.test('after the point of no return the hosts are asked where the VM is', async (t) => {
  const stages = [step('reversible', 'a'), step('commit', 'b', { enter: true }), step('finish', 'c')];
  t.test('at the source: rolled back', async (t) => {
    const log: Log = [];
    t.match(await runStages(stages, log, hooks('source')), { outcome: 'rolled-back' });
    t.strictSame(log, ['enter a', 'enter b', 'undo a']);
  });
  t.test('at the destination: finished forward, and the error is told', async (t) => {
    const log: Log = [];
    t.match(await runStages(stages, log, hooks('destination')), {
      outcome: 'migrated',
      error: { message: 'b cannot enter; the VM has moved all the same' },
    });
    t.strictSame(log, ['enter a', 'enter b', 'enter c']);
  });
  for (const place of ['both', 'unknown'] as const) {
    t.test(`${place}: nothing is touched`, async (t) => {
      const log: Log = [];
      t.match(await runStages(stages, log, hooks(place)), { outcome: 'failed', error: { code: 'MIGRATION_FAILED' } });
      t.strictSame(log, ['enter a', 'enter b']);
    });
  }
  t.test('a host that cannot be asked counts as unknown', async (t) => {
    const log: Log = [];
    const asked = { ...hooks(), whereabouts: async () => await Promise.reject(new Error('cut off')) };
    t.match(await runStages(stages, log, asked), { outcome: 'failed' });
    t.strictSame(log, ['enter a', 'enter b']);
  });
});

t.test('a finishing stage that fails does not stop the next', async (t) => {
  const log: Log = [];
  const stages = [
    step('commit', 'a'),
    step('finish', 'b', { enter: true }),
    step('finish', 'c', { enter: true }),
    step('finish', 'd'),
  ];
  const outcome = await runStages(stages, log, hooks());
  t.strictSame(log, ['enter a', 'enter b', 'enter c', 'enter d']);
  t.match(outcome, { outcome: 'migrated', error: { message: 'b cannot enter; and then: c cannot enter' } });
});

t.test('the outcome and the error’s code say the same', async (t) => {
  const failing = (stage: Stage<Log>): Stage<Log> => ({
    ...stage,
    enter: async () => {
      throw new VxmigError('MIGRATION_FAILED', `${stage.name} fails`);
    },
  });
  const undone = [step('reversible', 'a'), failing(step('commit', 'b'))];
  t.match(await runStages(undone, [], hooks('source')), {
    outcome: 'rolled-back',
    error: { code: 'MIGRATION_ROLLED_BACK', message: 'b fails' },
  });
  const gone = [step('commit', 'a'), step('finish', 'b', { enter: true }), failing(step('finish', 'c'))];
  t.match(await runStages(gone, [], hooks()), {
    outcome: 'failed',
    error: { code: 'MIGRATION_FAILED', message: 'c fails; besides: b cannot enter' },
  });
});

t.test('no code says what the outcome does not: whatever a stage has thrown', async (t) => {
  const throwing = (stage: Stage<Log>, code: ErrorCode | null): Stage<Log> => ({
    ...stage,
    enter: async () => {
      throw code === null
        ? new Error('a bug')
        : new VxmigError(code, 'it fails', { where: 'web', hint: 'Look there.' });
    },
  });
  const codes: readonly (ErrorCode | null)[] = [...(Object.keys(ERRORS) as ErrorCode[]), null];
  const ends = [
    ['undone', {}, 'source', 'rolled-back'],
    ['the undoing fails', { rollback: true }, 'source', 'failed'],
    ['the undoing comes too late', { finds: 'destination' }, 'source', 'migrated'],
    ['nobody knows where it is', { finds: 'unknown' }, 'source', 'failed'],
    ['at both', {}, 'both', 'failed'],
    ['it has moved', {}, 'destination', 'migrated'],
  ] as const;
  for (const code of codes) {
    for (const kind of ['reversible', 'commit'] as const) {
      for (const [name, fails, place, outcome] of ends) {
        if (kind === 'reversible' && place !== 'source') continue;
        const stages = [step('reversible', 'a', fails), throwing(step(kind, 'b'), code)];
        const end = await runStages(stages, [], hooks(place));
        const what = `${code}, ${kind}: ${name}`;
        t.equal(end.outcome, outcome, what);
        const said = end.error?.code ?? 'COMMAND_FAILED';
        if (outcome === 'failed') t.equal(said, 'MIGRATION_FAILED', what);
        if (outcome === 'migrated') t.notOk(['MIGRATION_ROLLED_BACK', 'INTERRUPTED'].includes(said), what);
        if (outcome === 'rolled-back') t.not(said, 'MIGRATION_FAILED', what);
        if (code !== null) t.equal(end.error?.where, 'web', `${what}: the place is kept`);
      }
    }
  }
  const unfit = [step('reversible', 'a'), throwing(step('check', 'b'), 'HOST_UNFIT')];
  t.match((await runStages(unfit, [], hooks())).error, { code: 'HOST_UNFIT', hint: 'Look there.' });
  const lost = [step('reversible', 'a', { rollback: true }), throwing(step('check', 'b'), 'MIGRATION_FAILED')];
  t.match((await runStages(lost, [], hooks())).error?.hint, /virsh domstate/, 'the hint is for what is the case now');
});
