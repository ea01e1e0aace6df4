/** How many frames a tap holds for a guest that does not read them, and how many have gone to it in all. */
export interface TapRoom {
  readonly device: string;
  /** The device's txqueuelen: the ring is as long (drivers/net/tun.c, tun_queue_resize). */
  readonly holds: number;
  readonly frames: number;
}

/** For shells: prints what `parseTapRoom` reads, for those of its arguments that are there. */
export const READ_TAP_ROOM = `for tap; do
  device=/sys/class/net/$tap
  if [ -e "$device" ]; then
    printf '%s %s %s\\n' "$tap" "$(cat "$device/tx_queue_len")" "$(cat "$device/statistics/tx_packets")"
  fi
done`;

export function parseTapRoom(text: string): TapRoom[] {
  return text.split('\n').flatMap((line) => {
    const [, device, holds, frames] = /^(\S+) (\d+) (\d+)$/.exec(line) ?? [];
    return device === undefined ? [] : [{ device, holds: Number(holds), frames: Number(frames) }];
  });
}
