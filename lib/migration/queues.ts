import { droppedSince, type QueueDrops } from '../measure/queue-drops.js';
import type { Overflow } from '../model/certificate.js';
import { messageOf } from '../model/errors.js';
import type { Run } from './migration.js';

/** A reading of the hosts' queues; a host that could not be asked is not in it. */
export interface QueueReading {
  readonly beganAtMs: number;
  readonly endedAtMs: number;
  readonly byHost: ReadonlyMap<string, readonly QueueDrops[]>;
}

/** Never rejects: a host whose queues cannot be read is left out, with a warning. */
export async function readQueues({ hosts, vm, journal }: Run): Promise<QueueReading> {
  const beganAtMs = Date.now();
  const readings = hosts.map(async (host): Promise<[string, readonly QueueDrops[]][]> => {
    try {
      return [[host.name, await host.path.queueDrops(vm.name)]];
    } catch (error) {
      journal.emit({
        kind: 'warning',
        text: `${host.name}: whether its queues overflow is not known: ${messageOf(error)}`,
      });
      return [];
    }
  });
  const byHost = new Map((await Promise.all(readings)).flat());
  return { beganAtMs, endedAtMs: Date.now(), byHost };
}

/** What has been dropped between two readings. */
export interface Overflowed {
  readonly overflows: readonly Overflow[];
  readonly fromMs: number;
  readonly toMs: number;
}

/** null where no memory flowed. A run that ended before its second reading has it now. */
export async function overflowsOf(
  run: Run,
  readings: { readonly before: Promise<QueueReading> | null; readonly after: Promise<QueueReading> | null },
): Promise<Overflowed | null> {
  const before = await readings.before;
  if (before === null) return null;
  const after = await (readings.after ?? readQueues(run));
  // Nobody reads the tap that the guest has left, and what is flooded to it until it is removed is nobody's loss.
  const counts = (host: string, { queue }: QueueDrops) =>
    queue !== 'tap' || host !== run.source.name || run.switchover.state.resumedAtMs === null;
  const overflows = [...after.byHost].flatMap(([host, drops]) => {
    const dropped = droppedSince(before.byHost.get(host) ?? drops, drops);
    return dropped.filter((drop) => counts(host, drop)).map((drop) => ({ host, ...drop }));
  });
  return { overflows, fromMs: before.beganAtMs, toMs: after.endedAtMs };
}
