import type { Overflow } from '../model/certificate.js';

/** Frames that a queue had no room for, since it has been there. */
export type QueueDrops = Omit<Overflow, 'host'>;

/** For shells: prints what `parseQueueDrops` reads, for the taps that are its arguments and for all packet sockets. */
export const READ_QUEUE_DROPS = `for tap; do
  file=/sys/class/net/$tap/statistics/tx_dropped
  if [ -e "$file" ]; then printf 'tap %s %s\\n' "$tap" "$(cat "$file")"; fi
done
ss --packet --numeric --memory --processes --oneline`;

/**
 * A tap's drops, and those of Open vSwitch's packet sockets: ss(8) prints them as `d` of `skmem`, the socket's
 * `*:DEVICE`.
 */
export function parseQueueDrops(text: string): QueueDrops[] {
  return text.split('\n').flatMap((line): QueueDrops[] => {
    const tap = /^tap (\S+) (\d+)$/.exec(line);
    if (tap !== null) return [{ queue: 'tap', device: tap[1] ?? '', frames: Number(tap[2]) }];
    const socket = /^p_(?:raw|dgr)\s+\d+\s+\d+\s+\S+?:(\S+)\s.*"ovs-vswitchd".*skmem:\([^)]*\bd(\d+)\)/.exec(line);
    if (socket === null || socket[1] === '*') return [];
    return [{ queue: 'packet socket', device: socket[1] ?? '', frames: Number(socket[2]) }];
  });
}

/**
 * The queues that have dropped since. One that was not there before counts from nothing, and so does one that was made
 * anew.
 */
export function droppedSince(before: readonly QueueDrops[], after: readonly QueueDrops[]): QueueDrops[] {
  return after.flatMap((now) => {
    const then = before.find(({ queue, device }) => queue === now.queue && device === now.device)?.frames ?? 0;
    const frames = now.frames >= then ? now.frames - then : now.frames;
    return frames > 0 ? [{ ...now, frames }] : [];
  });
}
