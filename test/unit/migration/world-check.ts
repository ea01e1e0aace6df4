import type { Test } from 'tap';
import type { Trouble, World } from './world.js';

/** Of every world, whatever happened in it. */
export function checkWorld(
  t: Test,
  world: World,
  result: Awaited<ReturnType<World['migrate']>>['result'],
  what: string,
) {
  const { outcome, error } = result;
  t.same(world.twice, [], `${what}: it never ran twice`);
  t.same(world.lost, [], `${what}: nothing was lost`);
  t.ok(
    [...world.at.keys()].every((host) => world.images.has(host)),
    `${what}: where it is, its disk is`,
  );
  if (outcome === 'migrated') t.same(world.running, ['host-b'], `${what}: it runs at the destination`);
  if (outcome === 'rolled-back') {
    t.same(world.running, ['host-a'], `${what}: it runs at the source`);
    t.same([...world.at.keys()], ['host-a'], `${what}: no copy is left`);
    t.same([...world.taps], ['host-a'], `${what}: the destination holds nothing of it`);
    t.same([...world.redirects], [], `${what}: nothing is sent ahead`);
    t.equal(world.placement.placeOf('web').kind, 'at', `${what}: the ledger has it at rest`);
  }
  if (outcome === 'failed') t.equal(error?.code, 'MIGRATION_FAILED', what);
  if (outcome === 'rolled-back') t.not(error?.code, 'MIGRATION_FAILED', what);
  if (outcome === 'migrated') t.notOk(['MIGRATION_ROLLED_BACK', 'INTERRUPTED'].includes(error?.code ?? ''), what);
  t.ok(outcome !== 'migrated' || result.ok === (error === undefined), what);
}

export const failing = (call: string, kind: 'refused' | 'silent' | 'broken' = 'refused', times = 1): Trouble => ({
  failing: new Map([[call, { times, kind }]]),
});
