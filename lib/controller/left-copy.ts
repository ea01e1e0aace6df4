import { observeDomain } from '../compute/libvirt/domains.js';
import { destroyDomain, undefineDomain } from '../compute/libvirt/virsh.js';
import { hasJob } from '../compute/libvirt/virsh-migrate.js';
import { VxmigError } from '../model/errors.js';
import type { LeftCopy } from '../plan/left-copies.js';
import { uuidOf } from '../plan/vm-places.js';
import type { Controller } from './controller.js';

/**
 * Removes it if no migration can bring it to life any more. The copy was seen before the jobs are asked for, and no new
 * migration begins where there is one: when there is no job now, and the VM's memory is still where it was, none of
 * what is done elsewhere needs the copy.
 *
 * @throws VxmigError MIGRATION_FAILED where a migration may still be under way
 */
export async function removeLeftCopy(controller: Controller, { domain, host, state, keptAt }: LeftCopy): Promise<void> {
  const [left, kept] = [host, keptAt].map((name) => controller.session(name).shell);
  if (left === undefined || kept === undefined) throw new Error(`no session for ${host} or ${keptAt}`);
  const jobs = await Promise.all([hasJob(kept, domain), hasJob(left, domain)]);
  const [copy, original] = await Promise.all([observeDomain(left, domain), observeDomain(kept, domain)]);
  const whole = original !== null && ['running', 'paused'].includes(original.state);
  // Another VM of that name may have come there meanwhile.
  const isOne = copy !== null && original !== null && uuidOf(copy) === uuidOf(original);
  if (jobs.includes(true) || !whole || !isOne || copy.state !== state) {
    throw new VxmigError('MIGRATION_FAILED', `a migration of ${domain} from ${keptAt} to ${host} is not over yet`, {
      where: domain,
      hint: 'Apply again in a minute. `virsh domjobinfo` on both hosts shows what libvirt does.',
    });
  }
  if (state === 'paused') await destroyDomain(left, domain);
  if ((await observeDomain(left, domain)) !== null) await undefineDomain(left, domain);
}
