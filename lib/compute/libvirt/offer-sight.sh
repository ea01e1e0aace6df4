# shellcheck shell=sh
# What this host has for a VM that is to move between it and another one. Only reads; the VM's definition comes by
# stdin. All that takes its time goes on at once.
emulator=$1 arch=$2 machine=$3 type=$4 end=$5 far=$6 bytes=$7 header=$8 name=$9
shift 9
drivers=$1
shift
# And then how many of libvirt's networks, with their names; how many paths, and these; the taps of its NICs.
export LC_ALL=C.UTF-8
PATH=$PATH:/usr/sbin:/sbin
tell() { virsh -q -c qemu:///system "$@" </dev/null 2>/dev/null; }
section() { printf '\n=== %s ===\n' "$1"; }
probe() { ping -n -q -c 1 -W 0.5 "$@" "$far" >/dev/null 2>&1; }
full() { probe -M 'do' -s $((bytes - header)); }
way() {
  if [ "$bytes" -eq 0 ]; then echo 'not asked'
  # A way that is crowded loses one or two; one that is filtered is not waited for again and again.
  elif full; then echo full
  elif ! probe && ! probe; then echo silent
  elif full || full; then echo full
  else echo small
  fi
}
# In a network namespace that ends with it, so that nothing of the host's is touched.
offloads() {
  # shellcheck disable=SC2016 # They are perl's.
  timeout 5 unshare --net perl -e '
    open(my $tap, "+<", "/dev/net/tun") or exit 1;
    # TUNSETIFF, IFF_TAP | IFF_NO_PI | IFF_VNET_HDR; then TUNSETOFFLOAD (linux/if_tun.h).
    my $request = pack("a16 s x22", "probe", 0x5002);
    ioctl($tap, 0x400454ca, $request) or exit 1;
    my @kinds = (["csum", 0x1], ["tso", 0x7], ["uso", 0x61]);
    for my $kind (@kinds) { print "$kind->[0]\n" if ioctl($tap, 0x400454d0, $kind->[1] + 0) }
    print "asked\n";
  ' </dev/null 2>/dev/null
}
# Modules of QEMU's are packages of their own. It is asked for a disk of which nothing is said, and so opens none.
lacking() {
  [ -x "$emulator" ] || return
  for driver in $drivers; do
    case $(timeout 10 "$emulator" -M none -nodefaults -display none -S -drive "if=none,driver=raw,file.driver=$driver" \
      </dev/null 2>&1) in
      *"Unknown driver '$driver'"*) echo "$driver" ;;
    esac
  done
}
used() {
  for tap; do
    ethtool -k "$tap" 2>/dev/null |
      sed -n "s/^tx-checksum-ip-generic: on.*/$tap csum/p; s/^[[:space:]]*tx-tcp-segmentation: on.*/$tap tso/p
        s/^[[:space:]]*tx-udp-segmentation: on.*/$tap uso/p"
  done
}
# A domain's name is not among the words of it, and the rest are words of libvirt's own or paths.
word() { printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")"; }

{ answer=$(way); printf '\n=== way ===\n%s\n' "$answer"; } </dev/null &
{ answer=$(offloads); printf '\n=== offloads ===\n%s\n' "$answer"; } &
{ answer=$(lacking); printf '\n=== drivers ===\n%s\n' "$answer"; } &
ask="version; echo '=== hostname ==='; hostname; echo '=== capabilities ==='; capabilities; \
echo '=== domcapabilities ==='; domcapabilities --arch $(word "$arch") \
--virttype $(word "$type") --machine $(word "$machine")"
[ -z "$emulator" ] || ask="$ask --emulatorbin $(word "$emulator")"
[ "$end" = source ] || ask="$ask; echo '=== compare ==='; \
hypervisor-cpu-compare --virttype $(word "$type") --file /dev/stdin"
# virsh tells of a failure in its place among the answers.
libvirt=$(virsh -q -c qemu:///system "$ask" 2>&1)
wait
section libvirt; printf '%s\n' "$libvirt"
section emulator; [ -x "$emulator" ] && echo yes
section cpu; sed -n '1,/^$/p' /proc/cpuinfo
section datapath; [ -d /sys/module/openvswitch ] && echo kernel
section far; [ -z "$name" ] || timeout 3 getent ahosts "$name" | awk '{ print $1 }'
section memory; cat /proc/meminfo
section pages
for pages in /sys/kernel/mm/hugepages/hugepages-*kB; do
  [ -d "$pages" ] || continue
  size=${pages##*-}
  echo "${size%kB} $(cat "$pages/free_hugepages") $(cat "$pages/resv_hugepages")"
done
section userfaultfd
cat /proc/sys/vm/unprivileged_userfaultfd
[ -c /dev/userfaultfd ] && stat -c 'mode %a' /dev/userfaultfd
sed -n 's/^[[:space:]]*user[[:space:]]*=[[:space:]]*"\{0,1\}\([^"[:space:]]*\).*/user \1/p' /etc/libvirt/qemu.conf 2>/dev/null
section devices; ip -j link show
count=$1; shift
while [ "$count" -gt 0 ]; do
  section network
  tell net-info --network "$1" | sed -n 's/^Active: */active=/p'
  tell net-dumpxml --network "$1"
  count=$((count - 1)); shift
done
count=$1; shift
while [ "$count" -gt 0 ]; do
  section path
  [ -e "$1" ] && echo there
  count=$((count - 1)); shift
done
section used; used "$@"
section end
exit 0
