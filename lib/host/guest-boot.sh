# shellcheck shell=sh
# Boots the lab's small guest with an acceleration ($1), for $2 seconds at most, and prints `ready`, or the last line that came instead.
# Whoever ends first: the guest says that it is ready, QEMU gives up, or time is up. `trap` leaves nothing behind in any of these, and
# where the shell itself is killed the kernel ends QEMU with it.
PATH=$PATH:/usr/sbin:/sbin
out=$(mktemp) || exit 1
trap 'kill -9 $pid 2>/dev/null; rm -f "$out"' EXIT
trap 'exit 1' HUP INT TERM PIPE
image=/var/lib/vxmig/images/micro
setpriv --pdeathsig KILL qemu-system-x86_64 -accel "$1" -machine pc -m 128 -nodefaults -no-user-config -no-reboot -display none \
  -serial stdio -kernel $image/vmlinuz -initrd $image/initrd.img \
  -append 'console=ttyS0 quiet panic=-1 vxmig.name=doctor' </dev/null >"$out" 2>&1 &
pid=$!
tries=0
while [ $tries -lt $(($2 * 5)) ] && kill -0 $pid 2>/dev/null; do
  grep -q 'vxmig guest doctor ready' "$out" && { echo ready; exit 0; }
  sleep 0.2
  tries=$((tries + 1))
done
grep -q 'vxmig guest doctor ready' "$out" && { echo ready; exit 0; }
tr -d '\r' <"$out" | grep -v '^[[:space:]]*$' | tail -n 1
exit 0
