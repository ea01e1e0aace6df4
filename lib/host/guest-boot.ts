import type { HostShell } from './connection.js';

export type Acceleration = 'kvm' | 'tcg';

export interface GuestBoot {
  readonly ready: boolean;
  readonly durationMs: number;
  /** The last line that QEMU or the guest printed, where it did not get ready. */
  readonly last: string;
}

const LIMIT_SECONDS = 20;

/**
 * Whoever ends first: the guest says that it is ready, QEMU gives up, or time is up. `trap` leaves nothing behind in
 * any of these, and where the shell itself is killed the kernel ends QEMU with it.
 */
const SCRIPT = `
PATH=$PATH:/usr/sbin:/sbin
out=$(mktemp) || exit 1
trap 'kill -9 $pid 2>/dev/null; rm -f "$out"' EXIT
trap 'exit 1' HUP INT TERM PIPE
image=/var/lib/vxmig/images/micro
setpriv --pdeathsig KILL qemu-system-x86_64 -accel "$1" -machine pc -m 128 -nodefaults -no-user-config \\
  -no-reboot -display none -serial stdio -kernel $image/vmlinuz -initrd $image/initrd.img \\
  -append 'console=ttyS0 quiet panic=-1 vxmig.name=doctor' </dev/null >"$out" 2>&1 &
pid=$!
tries=0
while [ $tries -lt ${LIMIT_SECONDS * 5} ] && kill -0 $pid 2>/dev/null; do
  grep -q 'vxmig guest doctor ready' "$out" && { echo ready; exit 0; }
  sleep 0.2
  tries=$((tries + 1))
done
grep -q 'vxmig guest doctor ready' "$out" && { echo ready; exit 0; }
tr -d '\\r' <"$out" | grep -v '^[[:space:]]*$' | tail -n 1
exit 0
`;

/**
 * Boots the lab's small guest for as long as it takes to get ready: /dev/kvm can be there, be opened, and still no
 * guest ever runs.
 * @throws VxmigError SSH_CONNECT, CommandError
 */
export async function bootGuest(shell: HostShell, acceleration: Acceleration): Promise<GuestBoot> {
  const since = performance.now();
  const { stdout } = await shell.run(['sh', '-s', '--', acceleration], { stdin: SCRIPT });
  const last = stdout.trim();
  return { ready: last === 'ready', durationMs: performance.now() - since, last: last === 'ready' ? '' : last };
}
