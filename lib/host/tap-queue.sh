# shellcheck shell=sh
# `drop_waiting DEVICE…` drops what waits in taps for a guest that does not read. The kernel cuts the tap's ring to the device's
# txqueuelen and frees what does not fit (drivers/net/tun.c, tun_queue_resize); then it gets its length back.
drop_waiting() {
  for tap; do
    length=$(ip -oneline link show dev "$tap" | sed -n 's/.* qlen \([1-9][0-9]*\).*/\1/p')
    printf 'link set dev %s txqueuelen %s\n' "$tap" 0 "$tap" "${length:-1000}" | ip -force -batch -
  done
}
