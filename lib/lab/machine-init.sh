#!/bin/sh
# Turns fresh namespaces into a lab machine, then becomes its PID 1. Run as:
#   unshare --net --mount --uts --ipc --pid --fork --propagation private -- sh machine-init.sh
# Prints "pid N" (as the machine outside counts) at once and "ready" when done; errors go to stderr.
#   VXMIG_DIRECTORY  holds files/ (laid over the root), log/ (becomes /var/log) and etc/ (an empty mount point)
#   VXMIG_NAME       the host name
#   VXMIG_KVM        yes: the machine gets /dev/kvm
#   VXMIG_FORWARDS   yes: it routes between its interfaces
set -eu
umask 022

# The old /proc still counts as outside.
read -r outer_pid _ </proc/self/stat
echo "pid $outer_pid"

directory=$VXMIG_DIRECTORY
echo "$VXMIG_NAME" >/proc/sys/kernel/hostname

# /etc: a copy, so that daemons and people may write to it.
mount -t tmpfs -o mode=755 tmpfs "$directory/etc"
cp -a /etc/. "$directory/etc/"
rm -rf "$directory/etc/libvirt" "$directory/etc/openvswitch" "$directory/etc/ssh" \
  "$directory/etc/resolv.conf" "$directory/etc/hosts" "$directory/etc/hostname" "$directory/etc/nsswitch.conf"
# sshd without PAM refuses an account that is locked ("!"); "*" means no password, and lets keys in.
sed -i 's/^root:![^:]*:/root:*:/' "$directory/etc/shadow"

mount -t tmpfs -o mode=700 tmpfs "$directory/root"
cp -a "$directory/files/etc/." "$directory/etc/"
if [ -d "$directory/files/root" ]; then cp -a "$directory/files/root/." "$directory/root/"; fi

inherited=$(cut -d ' ' -f 2 /proc/self/mounts | sort -u)

mount --bind "$directory/log" /var/log
mount --move "$directory/etc" /etc
mount --move "$directory/root" /root

# /dev without anything of the machine's but what cannot do harm. kvm is left out unless it truly works: libvirt probes
# QEMU again at every start where /dev/kvm can be opened but does not work.
dev=$directory/dev
mount -t tmpfs -o mode=755,nosuid tmpfs "$dev"
mkdir "$dev/net" "$dev/pts" "$dev/shm"
mknod -m 666 "$dev/null" c 1 3
mknod -m 666 "$dev/zero" c 1 5
mknod -m 666 "$dev/full" c 1 7
mknod -m 666 "$dev/random" c 1 8
mknod -m 666 "$dev/urandom" c 1 9
mknod -m 666 "$dev/tty" c 5 0
mknod -m 666 "$dev/net/tun" c 10 200
# Post-copy: QEMU asks this device before the system call, which the machine may keep for root (userfaultfd(2)).
if [ -e /dev/userfaultfd ]; then
  mknod -m 666 "$dev/userfaultfd" c "$(printf %d "0x$(stat -c %t /dev/userfaultfd)")" "$(printf %d "0x$(stat -c %T /dev/userfaultfd)")"
fi
if [ "$VXMIG_KVM" = yes ]; then mknod -m 666 "$dev/kvm" c 10 232; fi
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$dev/pts"
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$dev/shm"
ln -s pts/ptmx "$dev/ptmx"
ln -s /proc/self/fd "$dev/fd"
ln -s /proc/self/fd/0 "$dev/stdin"
ln -s /proc/self/fd/1 "$dev/stdout"
ln -s /proc/self/fd/2 "$dev/stderr"
mount --move "$dev" /dev

# What the machine has mounted becomes read-only here; mounts whose flags may not change are covered below or harmless.
echo "$inherited" | while read -r mounted; do
  case $mounted in
    /proc* | /sys* | /dev*) ;;
    /) mount -o remount,bind,ro / ;;
    *) mount -o remount,bind,ro "$(printf %b "$mounted")" 2>/dev/null || true ;;
  esac
done

for private in /tmp /var/tmp; do mount -t tmpfs -o mode=1777 tmpfs "$private"; done
for private in /var/lib/libvirt /var/cache/libvirt /var/lib/openvswitch; do
  if [ -d "$private" ]; then mount -t tmpfs -o mode=755 tmpfs "$private"; fi
done
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock /run/sshd /run/openvswitch /run/libvirt /etc/libvirt/qemu /etc/openvswitch /var/log/openvswitch /var/log/libvirt/qemu

mount -t proc proc /proc
mount -t sysfs sysfs /sys

# Addresses come from the topology only, are usable at once, and are announced: a host that was rebuilt is in the
# router's cache under whichever MAC its address had before.
for scope in all default; do
  for setting in ipv4/conf/$scope/arp_notify=1 ipv6/conf/$scope/ndisc_notify=1 ipv6/conf/$scope/accept_dad=0 \
    ipv6/conf/$scope/accept_ra=0 ipv6/conf/$scope/autoconf=0 ipv6/conf/$scope/router_solicitations=0; do
    file=/proc/sys/net/${setting%=*}
    if [ -e "$file" ]; then echo "${setting#*=}" >"$file"; fi
  done
done
# Open vSwitch in userspace reads the NIC through a packet socket, whose buffer is bounded (machine-settings.ts). A migration's stream that
# has no more than this on its way leaves room in it for the tunnels' packets.
echo '4096 65536 131072' >/proc/sys/net/ipv4/tcp_rmem
if [ "$VXMIG_FORWARDS" = yes ]; then
  echo 1 >/proc/sys/net/ipv4/ip_forward
  if [ -e /proc/sys/net/ipv6/conf/all/forwarding ]; then echo 1 >/proc/sys/net/ipv6/conf/all/forwarding; fi
fi

cd /
echo ready
# It reaps what daemonises: QEMU's probes become its children, and libvirt waits until they are truly gone.
exec tini -- sleep infinity </dev/null >/dev/null
