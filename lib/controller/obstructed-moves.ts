import { VxmigError } from '../model/errors.js';
import { hostOf } from '../plan/desired.js';
import type { Plan } from '../plan/plan.js';
import type { Controller } from './controller.js';
import { outlookOf } from './outlook.js';

export interface LookedAhead {
  /** With what is in the way of a move beside it. */
  readonly plan: Plan;
  /** All that is in the way, in one error; null: nothing is. */
  readonly obstacle: VxmigError | null;
}

/** Which of the planned migrations could not be made: that is told before anything is changed. @throws as lookAtMove */
export async function lookAhead(controller: Controller, plan: Plan): Promise<LookedAhead> {
  const looks = plan.migrations.map(async ({ vm: name, from, to }) => {
    const vm = plan.current.vms.find((candidate) => candidate.name === name);
    if (vm === undefined) throw new Error(`no VM ${name}`);
    const journey = { vm, from: hostOf(plan.current, from), to: hostOf(plan.current, to) };
    const outlook = await outlookOf(controller, journey);
    return outlook?.obstacle == null ? [] : [{ name, error: outlook.obstacle }];
  });
  const found = (await Promise.all(looks)).flat();
  const errorOf = (name: string) => found.find((one) => one.name === name)?.error;
  const changes = plan.changes.map((one) => {
    const error = one.action === 'migrate' ? errorOf(one.name) : undefined;
    return error === undefined ? one : { ...one, why: `${one.why}; it cannot be made: ${error.message}` };
  });
  const warnings = [...plan.warnings, ...found.map(({ error }) => `${error.message}. ${error.hint}`)];
  return { plan: { ...plan, changes, warnings }, obstacle: together(found.map(({ error }) => error)) };
}

function together(errors: readonly VxmigError[]): VxmigError | null {
  const first = errors.find(({ code }) => code === 'DISK_NOT_SHARED') ?? errors[0];
  if (first === undefined || errors.length === 1) return first ?? null;
  const hint = [...new Set(errors.map((error) => error.hint))].join(' ');
  return new VxmigError(first.code, errors.map(({ message }) => message).join('; '), { hint, cause: first });
}
