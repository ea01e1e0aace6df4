import t from 'tap';
import type { Whereabouts } from '../../../lib/migration/outcome.js';
import { runStages, type StageHooks, type StageInfo, type Stages, type Story } from '../../../lib/migration/stage.js';
import { ERRORS, type ErrorCode, VxmigError } from '../../../lib/model/errors.js';

interface Behaviour {
  /** What it throws; left out: it succeeds. */
  readonly fails?: unknown;
  readonly undoFails?: boolean;
  /** Its undoing finds out where the VM is, and finds this. */
  readonly finds?: Whereabouts;
}

interface Step extends Behaviour {
  readonly kind: StageInfo['kind'];
  readonly name: string;
}

const step = (kind: StageInfo['kind'], name: string, how: Behaviour = {}): Step => ({ kind, name, ...how });
const failing = (name: string) => ({ fails: new VxmigError('HOST_UNFIT', `${name} cannot enter`) });

function hooks(told: string[] = []): StageHooks {
  return {
    started: (stage) => void told.push(`${stage} begins`),
    finished: (stage) => void told.push(`${stage} is told`),
    nowMs: () => 0,
  };
}

/** Tells these steps; what they do comes to `log`. `settled` is where the VM is found when the commit fails. */
async function tell(steps: readonly Step[], { log = [] as string[], settled = 'source' as Whereabouts | Error } = {}) {
  const enter = (each: Step) => async () => {
    log.push(`enter ${each.name}`);
    if (each.fails !== undefined) throw each.fails;
    return each.name;
  };
  const undo = (each: Step) => async () => {
    log.push(`undo ${each.name}`);
    if (each.undoFails) throw new Error(`${each.name} cannot undo`);
  };
  const settle = async (): Promise<Whereabouts> => {
    if (settled instanceof Error) throw settled;
    return settled;
  };
  const info = ({ kind, name }: Step): StageInfo => ({ kind, name, purpose: '' });
  const story: Story = {
    there: async (stages: Stages) => {
      for (const each of steps) {
        if (each.kind === 'check') await stages.check(info(each), enter(each));
        if (each.kind === 'commit') await stages.commit(info(each), enter(each), settle);
        const { finds } = each;
        const finding = async (): Promise<Whereabouts> => {
          await undo(each)();
          return finds ?? 'source';
        };
        if (each.kind === 'reversible')
          await stages.reversible(
            info(each),
            enter(each),
            finds === undefined ? { undo: undo(each) } : { settle: finding },
          );
      }
    },
    after: async (stages) => {
      for (const each of steps) if (each.kind === 'finish') await stages.finish(info(each), enter(each));
    },
  };
  const outcome = await runStages(story, hooks());
  return { ...outcome, log };
}

t.test('all stages in order', async (t) => {
  const end = await tell([step('check', 'a'), step('reversible', 'b'), step('commit', 'c'), step('finish', 'd')]);
  t.strictSame(end.log, ['enter a', 'enter b', 'enter c', 'enter d']);
  t.match(end, { outcome: 'migrated', error: null });
  t.strictSame(
    end.stages.map(({ stage }) => stage),
    ['a', 'b', 'c', 'd'],
  );
});

t.test('a stage that fails is undone first, then the earlier ones in reverse', async (t) => {
  const end = await tell([
    step('reversible', 'a'),
    step('check', 'b'),
    step('reversible', 'c', failing('c')),
    step('commit', 'd'),
    step('finish', 'e'),
  ]);
  t.strictSame(end.log, ['enter a', 'enter b', 'enter c', 'undo c', 'undo a']);
  t.match(end, { outcome: 'rolled-back', error: { code: 'HOST_UNFIT', message: 'c cannot enter' } });
});

t.test('an undo that fails joins the first error, and keeps no other from being undone', async (t) => {
  const end = await tell([
    step('reversible', 'a'),
    step('reversible', 'b', { undoFails: true }),
    step('check', 'c', failing('c')),
  ]);
  t.strictSame(end.log, ['enter a', 'enter b', 'enter c', 'undo b', 'undo a']);
  t.match(end, {
    outcome: 'failed',
    error: {
      code: 'MIGRATION_FAILED',
      message: 'c cannot enter; an undo failed too: b cannot undo',
      hint: /runs where it was.*vxmig apply/,
    },
  });
});

t.test('where it cannot be found out where the VM is, nothing more is undone', async (t) => {
  const end = await tell([
    step('reversible', 'a'),
    step('reversible', 'b', { finds: 'source', undoFails: true }),
    step('check', 'c', failing('c')),
  ]);
  t.strictSame(end.log, ['enter a', 'enter b', 'enter c', 'undo b']);
  t.match(end, {
    outcome: 'failed',
    error: { code: 'MIGRATION_FAILED', message: /could not be found out.*b cannot undo/ },
  });
});

t.test('an undo that comes too late: the VM has moved, and keeps what was made for it', async (t) => {
  const steps = (finds: Whereabouts) => [
    step('reversible', 'a'),
    step('reversible', 'b', { finds }),
    step('reversible', 'c', failing('c')),
    step('commit', 'd'),
    step('finish', 'e'),
  ];
  const moved = await tell(steps('destination'));
  t.match(moved, { outcome: 'migrated', error: { message: 'c cannot enter; the VM has moved all the same' } });
  t.strictSame(moved.log, ['enter a', 'enter b', 'enter c', 'undo c', 'undo b', 'enter e']);
  for (const place of ['both', 'unknown'] as const) {
    const end = await tell(steps(place));
    t.match(end, { outcome: 'failed', error: { code: 'MIGRATION_FAILED' } });
    t.strictSame(end.log, ['enter a', 'enter b', 'enter c', 'undo c', 'undo b'], `${place}: nothing more is touched`);
  }
});

t.test('after the point of no return it is settled where the VM is', async (t) => {
  const steps = [step('reversible', 'a'), step('commit', 'b', failing('b')), step('finish', 'c')];
  const stayed = await tell(steps, { settled: 'source' });
  t.match(stayed, { outcome: 'rolled-back' });
  t.strictSame(stayed.log, ['enter a', 'enter b', 'undo a']);
  const moved = await tell(steps, { settled: 'destination' });
  t.match(moved, { outcome: 'migrated', error: { message: 'b cannot enter; the VM has moved all the same' } });
  t.strictSame(moved.log, ['enter a', 'enter b', 'enter c']);
  for (const settled of ['both', 'unknown', new Error('cut off')] as const) {
    const end = await tell(steps, { settled });
    t.match(end, { outcome: 'failed', error: { code: 'MIGRATION_FAILED' } });
    t.strictSame(end.log, ['enter a', 'enter b'], `${settled}: nothing is touched`);
  }
});

t.test('where nobody knows where the VM is, what the failure itself advises is said too', async (t) => {
  const fails = new VxmigError('COMMAND_FAILED', 'no answer', { hint: 'Is the storage there?' });
  const end = await tell([step('commit', 'a', { fails })], { settled: 'unknown' });
  t.match(end.error, { code: 'MIGRATION_FAILED', hint: /^Is the storage there\? Nothing more was touched/ });
});

t.test('a finishing stage that fails does not stop the next', async (t) => {
  const end = await tell([
    step('commit', 'a'),
    step('finish', 'b', failing('b')),
    step('finish', 'c', failing('c')),
    step('finish', 'd'),
  ]);
  t.strictSame(end.log, ['enter a', 'enter b', 'enter c', 'enter d']);
  t.match(end, { outcome: 'migrated', error: { message: 'b cannot enter; and then: c cannot enter' } });
});

t.test('a stage that begins by itself runs beside the others, and is told in its place', async (t) => {
  const told: string[] = [];
  let arrive = () => {};
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const stage = (name: string): StageInfo => ({ kind: 'finish', name, purpose: '' });
  let early: ReturnType<Stages['early']> | null = null;
  const story: Story = {
    there: async (stages) => {
      early = stages.early(stage('announce'), arrived, async (turn) => {
        told.push('announcing');
        await turn;
      });
      await stages.check(stage('switch over'), async () => {
        arrive();
        await new Promise(setImmediate);
      });
    },
    after: async (stages) => {
      if (early !== null) await stages.finish(early);
      await stages.finish(stage('release'), async () => {});
    },
  };
  const { stages } = await runStages(story, hooks(told));
  t.strictSame(told, [
    'switch over begins',
    'announce begins',
    'announcing',
    'switch over is told',
    'announce is told',
    'release begins',
    'release is told',
  ]);
  t.strictSame(
    stages.map((one) => one.stage),
    ['switch over', 'announce', 'release'],
  );
});

t.test('one that has begun by itself, and whose turn never comes, is ended with the others', async (t) => {
  let missed: unknown = null;
  const story: Story = {
    there: async (stages) => {
      stages.early({ kind: 'finish', name: 'verify', purpose: '' }, Promise.resolve(), async (turn) => {
        await turn.catch((error) => {
          missed = error;
        });
      });
      await stages.check({ kind: 'check', name: 'a', purpose: '' }, async () => {
        await new Promise(setImmediate);
        throw new Error('it fails');
      });
    },
    after: async () => void t.fail('it has not moved'),
  };
  t.match(await runStages(story, hooks()), { outcome: 'rolled-back' });
  t.match(missed, /ended before/);
});

t.test('the outcome and the error’s code say the same', async (t) => {
  const failed = (name: string) => ({ fails: new VxmigError('MIGRATION_FAILED', `${name} fails`) });
  t.match(await tell([step('reversible', 'a'), step('commit', 'b', failed('b'))]), {
    outcome: 'rolled-back',
    error: { code: 'MIGRATION_ROLLED_BACK', message: 'b fails' },
  });
  t.match(await tell([step('commit', 'a'), step('finish', 'b', failing('b')), step('finish', 'c', failed('c'))]), {
    outcome: 'failed',
    error: { code: 'MIGRATION_FAILED', message: 'c fails; besides: b cannot enter' },
  });
});

t.test('no code says what the outcome does not: whatever a stage has thrown', async (t) => {
  const codes: readonly (ErrorCode | null)[] = [...(Object.keys(ERRORS) as ErrorCode[]), null];
  const ends = [
    ['undone', {}, 'source', 'rolled-back'],
    ['the undoing fails', { undoFails: true }, 'source', 'failed'],
    ['the undoing comes too late', { finds: 'destination' }, 'source', 'migrated'],
    ['nobody knows where it is', { finds: 'unknown' }, 'source', 'failed'],
    ['at both', {}, 'both', 'failed'],
    ['it has moved', {}, 'destination', 'migrated'],
  ] as const;
  for (const code of codes) {
    const fails =
      code === null ? new Error('a bug') : new VxmigError(code, 'it fails', { where: 'web', hint: 'Look there.' });
    for (const kind of ['reversible', 'commit'] as const) {
      for (const [name, how, settled, outcome] of ends) {
        if (kind === 'reversible' && settled !== 'source') continue;
        const end = await tell([step('reversible', 'a', how), step(kind, 'b', { fails })], { settled });
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
  const unfit = { fails: new VxmigError('HOST_UNFIT', 'it fails', { hint: 'Look there.' }) };
  t.match((await tell([step('reversible', 'a'), step('check', 'b', unfit)])).error, {
    code: 'HOST_UNFIT',
    hint: 'Look there.',
  });
  const lost = { fails: new VxmigError('MIGRATION_FAILED', 'it fails', { hint: 'Look there.' }) };
  t.match(
    (await tell([step('reversible', 'a', { finds: 'unknown' }), step('check', 'b', lost)])).error?.hint,
    /virsh domstate/,
    'the hint is for what is the case now',
  );
});
