import { formatCount } from '../model/quantities.js';
import { type MovingMac, macsOfNic, mayCarry, movingMacs, type SeenMac } from '../plan/moving-macs.js';
import { type MigrationContext, note } from './context.js';
import type { VmNic } from './needs.js';

/** One of the VM's NICs, with the MACs that move with it. */
export interface MovingNic {
  readonly nic: VmNic;
  readonly macs: readonly string[];
}

/** @param macs left out: all that move */
export function movingNics(
  { vm, ...context }: MigrationContext,
  macs: readonly MovingMac[] = context.macs,
): MovingNic[] {
  return vm.nics.flatMap(({ network }, index) => {
    const its = macsOfNic(macs, index);
    return its.length === 0 ? [] : [{ nic: { vm: vm.name, index, network }, macs: its }];
  });
}

/** Reads who is behind the VM's NICs, and from then on hears of whoever joins them. */
export async function findMovingMacs(context: MigrationContext): Promise<void> {
  const { vm, source } = context;
  const networks = [...new Set(vm.nics.map(({ network }) => network))].filter((network) => mayCarry(vm, network));
  await Promise.all(
    networks.map(async (network) => {
      const table = new Map<string, SeenMac>();
      context.seen.set(network, table);
      // The entry that decides comes first.
      for (const entry of await source.fdb(network)) if (!table.has(entry.mac)) table.set(entry.mac, entry);
      const follower = await source.followLearning(network, (entry) => table.set(entry.mac, entry));
      context.followers.push(follower);
      context.fdbFollowers.push({ keys: [], ...follower });
    }),
  );
  const { moving, left } = movingNow(context);
  context.macs = moving;
  context.left = left;
  const others = moving.filter(({ origin }) => origin !== 'nic');
  if (others.length > 0) noteMacs(context, others, 'moves too: it is behind a NIC');
}

function movingNow({ topology, vm, seen }: MigrationContext) {
  return movingMacs(topology, vm, new Map([...seen].map(([network, table]) => [network, [...table.values()]])));
}

/** Who has joined since. */
export function newcomers(context: MigrationContext): MovingMac[] {
  const isNew = ({ mac, network }: MovingMac) =>
    !context.macs.some((known) => known.mac === mac && known.network === network);
  return movingNow(context).moving.filter(isNew);
}

/**
 * Whoever has come too late to be made ready for still is announced, and its tables are looked at; that its frames were
 * not sent ahead is told.
 */
export function takeLatecomers(context: MigrationContext): void {
  const late = newcomers(context);
  if (late.length === 0) return;
  context.macs = [...context.macs, ...late];
  if (context.options.redirect) {
    const why =
      'it was first heard when the copy was at its end: until it was announced, frames for it may have been lost';
    context.left = [...context.left, ...late.map(({ network, mac }) => ({ network, mac, why }))];
  }
  noteMacs(context, late, 'came too late to be sent ahead');
}

/**
 * Whoever has been heard elsewhere by now has left, and must not be announced here. The guest still runs at the source.
 */
export function letGo(context: MigrationContext): void {
  const still = movingNow(context).moving;
  const gone = context.macs.filter(
    ({ mac, network }) => !still.some((one) => one.mac === mac && one.network === network),
  );
  if (gone.length === 0) return;
  context.macs = context.macs.filter((one) => !gone.includes(one));
  noteMacs(context, gone, 'is not behind the VM any more');
}

function noteMacs(context: MigrationContext, macs: readonly MovingMac[], what: string): void {
  const list = macs.map(({ mac }) => mac).join(', ');
  note(context, context.source.name, Date.now(), `${formatCount(macs.length, 'MAC')} (${list}) ${what}`);
}
