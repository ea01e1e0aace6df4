# shellcheck shell=sh
# What this host has for a VM that would come to it. Only reads.
count=$1; shift
# And then so many names of libvirt's networks, and paths.
export LC_ALL=C.UTF-8
PATH=$PATH:/usr/sbin:/sbin
ask() { virsh -q -c qemu:///system "$@" </dev/null 2>/dev/null; }
echo '=== devices'
ip -j link show
echo '=== pages'
for pages in /sys/kernel/mm/hugepages/hugepages-*kB; do
  [ -d "$pages" ] || continue
  size=${pages##*-}
  echo "${size%kB} $(cat "$pages/free_hugepages") $(cat "$pages/resv_hugepages")"
done
sed -n 's/^Hugepagesize: *\([0-9]*\) kB$/default \1/p' /proc/meminfo
while [ "$count" -gt 0 ]; do
  echo '=== network'
  ask net-info --network "$1" | sed -n 's/^Active: */active=/p'
  ask net-dumpxml --network "$1"
  count=$((count - 1)); shift
done
for path; do
  echo '=== path'
  if [ -e "$path" ]; then echo there; fi
done
echo '=== end'
