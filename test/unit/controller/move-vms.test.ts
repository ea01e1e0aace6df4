import t from 'tap';
import type { MigratedVm } from '../../../lib/controller/migrate-vm.js';
import { moveVms } from '../../../lib/controller/move-vms.js';
import type { ScheduledMove } from '../../../lib/placement/schedule.js';

const never = new AbortController().signal;

function move(vm: string, ...after: string[]): ScheduledMove {
  return { vm, from: 'host-a', to: 'host-b', after, why: after.length === 0 ? '' : 'one at a time' };
}

/** Runs that end when they are told to. */
class Runs {
  readonly begun: string[] = [];
  readonly #ends = new Map<string, { resolve: (run: MigratedVm) => void; reject: (error: Error) => void }>();

  readonly one = async ({ vm }: ScheduledMove): Promise<MigratedVm> => {
    this.begun.push(vm);
    return await new Promise((resolve, reject) => this.#ends.set(vm, { resolve, reject }));
  };

  async end(vm: string, ok: boolean | Error = true): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    const end = this.#ends.get(vm);
    if (ok instanceof Error) end?.reject(ok);
    else end?.resolve({ record: { vm, result: { ok } }, kept: { lost: '' } } as unknown as MigratedVm);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const namesOf = (runs: readonly MigratedVm[]) => runs.map(({ record }) => (record as unknown as { vm: string }).vm);

t.test('who waits for nobody begins at once, the others when those they wait for have ended', async (t) => {
  const runs = new Runs();
  const all = moveVms([move('web'), move('db', 'web'), move('mail'), move('dns', 'db', 'mail')], runs.one, never);
  await runs.end('');
  t.strictSame(runs.begun, ['web', 'mail']);
  await runs.end('mail');
  t.strictSame(runs.begun, ['web', 'mail']);
  await runs.end('web');
  t.strictSame(runs.begun, ['web', 'mail', 'db']);
  await runs.end('db');
  await runs.end('dns');
  t.strictSame(namesOf(await all), ['web', 'db', 'mail', 'dns'], 'in the order of the plan');
});

t.test('when one does not go well none is begun any more, and those under way come to their end', async (t) => {
  const runs = new Runs();
  const all = moveVms([move('web'), move('mail'), move('db', 'web'), move('dns', 'mail')], runs.one, never);
  await runs.end('web', false);
  await runs.end('mail');
  t.strictSame(namesOf(await all), ['web', 'mail']);
  t.strictSame(runs.begun, ['web', 'mail']);
});

t.test('a failure that is no migration’s own is told when all have ended', async (t) => {
  const runs = new Runs();
  let told = false;
  const all = moveVms([move('web'), move('mail'), move('dns', 'mail')], runs.one, never).catch((error: Error) => {
    told = true;
    return error.message;
  });
  await runs.end('web', new Error('the connection is lost'));
  t.notOk(told, 'mail is still under way');
  await runs.end('mail');
  t.equal(await all, 'the connection is lost');
  t.strictSame(runs.begun, ['web', 'mail'], 'none was begun after it');
});

t.test('interrupted between two, it says where each VM is', async (t) => {
  const runs = new Runs();
  const interrupt = new AbortController();
  const all = moveVms([move('web'), move('db', 'web')], runs.one, interrupt.signal);
  await runs.end('');
  interrupt.abort(new Error('interrupted'));
  const told = t.rejects(all, { code: 'INTERRUPTED', message: 'interrupted: web is on host-b, db is still on host-a' });
  await runs.end('web');
  await told;
});
