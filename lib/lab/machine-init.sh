#!/bin/sh
# Turns fresh namespaces into a lab machine, then becomes its PID 1. Run as:
#   unshare --net --mount --uts --ipc --pid --fork --propagation private -- sh machine-init.sh
# Prints "pid N" (as the machine outside counts) at once and "ready" when done; errors go to stderr.
#   VXMIG_DIRECTORY     holds files/ (laid over the root), log/ (bounded; becomes /var/log), root/ (a mount point) and empty/; gets fstab
#   VXMIG_NAME          the host name
#   VXMIG_CAPABILITIES  what root may do in it, as setpriv(1) --bounding-set reads it
#   VXMIG_KVM           yes: the machine gets /dev/kvm
#   VXMIG_FILES         size and number of its files at most, as tmpfs reads them
#   VXMIG_GROUP         the directory of its control group, empty: it has none
#   VXMIG_MOUNTS        a line for each storage: the directory here, a tab, its path in the machine
#   VXMIG_FORWARDS      yes: it routes between its interfaces
set -eu
umask 022

# Before anything is started, so that all is counted (cgroups(7): 0 is who writes).
if [ -n "$VXMIG_GROUP" ]; then echo 0 >"$VXMIG_GROUP/cgroup.procs"; fi

# The old /proc still counts as outside.
read -r outer_pid _ </proc/self/stat
echo "pid $outer_pid"

directory=$VXMIG_DIRECTORY
root=$directory/root
echo "$VXMIG_NAME" >/proc/sys/kernel/hostname

# A root of its own, in memory: what is not put into it is not there (docs/decisions/0021-*.md).
mount -t tmpfs -o "mode=755,$VXMIG_FILES" tmpfs "$root"
cd "$root"
mkdir -p dev/net dev/pts etc home mnt old proc run/libvirt run/lock run/openvswitch run/sshd sys \
  var/cache/libvirt var/lib/libvirt var/lib/misc var/lib/openvswitch var/log
mkdir -m 700 root
mkdir -m 1777 dev/shm tmp var/tmp
ln -s ../run var/run
ln -s ../run/lock var/lock

# The machine's files as this one sees them. An overlay that has nothing to write to can't be made writable again, by no
# remount; a bind mount can, so it is only for kernels without overlayfs (preflight.ts tells).
show() {
  mkdir -p "$root$1"
  mount -t overlay -o "ro,nodev,lowerdir=$1:$directory/empty" overlay "$root$1" 2>/dev/null || mount -o bind,ro "$1" "$root$1"
}
show /usr
for path in /bin /sbin /lib /lib32 /lib64 /libx32; do
  if [ -L "$path" ]; then cp -P "$path" "$root/"; elif [ -d "$path" ]; then show "$path"; fi
done
# What has been sent to a host is beside them, and its own.
for images in /var/lib/vxmig/images/micro /var/lib/vxmig/images/debian; do
  if [ -d "$images" ]; then show "$images"; fi
done
printf '%s' "$VXMIG_MOUNTS" | while IFS="$(printf '\t')" read -r source path; do
  mkdir -p "$root$path"
  mount --bind "$source" "$root$path"
done

# /etc: a copy, so that daemons and people may write to it; without what the machine keeps from its own users.
cp -a /etc/. etc/
rm -rf etc/libvirt etc/openvswitch etc/ssh etc/resolv.conf etc/hosts etc/hostname etc/nsswitch.conf
find etc -mindepth 1 ! -type l ! -perm -o=r -prune -exec rm -rf {} +
# sshd without PAM refuses an account that is locked ("!"); "*" means no password, and lets keys in.
sed 's/:.*/:*:::::::/' etc/passwd >etc/shadow
chmod 600 etc/shadow
cp -a "$directory/files/etc/." etc/
if [ -d "$directory/files/root" ]; then cp -a "$directory/files/root/." root/; fi
mkdir -p etc/libvirt/qemu etc/openvswitch "$directory/log/openvswitch" "$directory/log/libvirt/qemu"

# /dev without anything of the machine's but what cannot do harm. kvm is left out unless it truly works: libvirt probes
# QEMU again at every start where /dev/kvm can be opened but does not work.
mknod -m 666 dev/null c 1 3
mknod -m 666 dev/zero c 1 5
mknod -m 666 dev/full c 1 7
mknod -m 666 dev/random c 1 8
mknod -m 666 dev/urandom c 1 9
mknod -m 666 dev/tty c 5 0
mknod -m 666 dev/net/tun c 10 200
# Post-copy: QEMU asks this device before the system call, which the machine may keep for root (userfaultfd(2)).
if [ -e /dev/userfaultfd ]; then
  mknod -m 666 dev/userfaultfd c "$(printf %d "0x$(stat -c %t /dev/userfaultfd)")" "$(printf %d "0x$(stat -c %T /dev/userfaultfd)")"
fi
if [ "$VXMIG_KVM" = yes ]; then mknod -m 666 dev/kvm c 10 232; fi
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/0 dev/stdin
ln -s /proc/self/fd/1 dev/stdout
ln -s /proc/self/fd/2 dev/stderr

# Settings and switches of the whole machine are covered or read-only, as container runtimes do (OCI runtime-spec,
# config-linux.md: maskedPaths, readonlyPaths); those of the network belong to the namespace and stay writable.
covered() {
  for path in /proc/kcore /proc/keys /proc/latency_stats /proc/sched_debug /proc/sysrq-trigger /proc/timer_list; do
    if [ -e "$path" ]; then echo "$root/dev/null $root$path none bind,ro"; fi
  done
  for path in /proc/acpi /proc/scsi /sys/firmware; do
    if [ -d "$path" ]; then echo "tmpfs $root$path tmpfs ro,mode=555"; fi
  done
  for path in /proc/bus /proc/fs /proc/irq; do
    if [ -e "$path" ]; then echo "$root$path $root$path none bind,ro"; fi
  done
}
# One process for all of them: a lab has many hosts.
cat >"$directory/fstab" <<EOF
$directory/log $root/var/log none bind
devpts $root/dev/pts devpts newinstance,ptmxmode=0666,mode=620
proc $root/proc proc nosuid,nodev,noexec
$root/proc/sys $root/proc/sys none bind
$root/proc/sys/net $root/proc/sys/net none bind
sysfs $root/sys sysfs nosuid,nodev,noexec
$root/sys/devices/virtual/net $root/sys/devices/virtual/net none bind
$(covered)
EOF
mount --all --fstab "$directory/fstab"
mount -o remount,bind,ro "$root/proc/sys"
mount -o remount,bind,ro "$root/sys"

pivot_root . old
cd /
umount -l /old
rmdir /old

# Addresses come from the topology only, are usable at once, and are announced: a host that was rebuilt is in the
# router's cache under whichever MAC its address had before.
for scope in all default; do
  for setting in ipv4/conf/$scope/arp_notify=1 ipv6/conf/$scope/ndisc_notify=1 ipv6/conf/$scope/accept_dad=0 \
    ipv6/conf/$scope/accept_ra=0 ipv6/conf/$scope/autoconf=0 ipv6/conf/$scope/router_solicitations=0; do
    file=/proc/sys/net/${setting%=*}
    if [ -e "$file" ]; then echo "${setting#*=}" >"$file"; fi
  done
done
# Open vSwitch in userspace reads the NIC through a packet socket, whose buffer is bounded (machine-settings.ts). A
# migration's stream that has no more than this on its way leaves room in it for the tunnels' packets.
echo '4096 65536 131072' >/proc/sys/net/ipv4/tcp_rmem
if [ "$VXMIG_FORWARDS" = yes ]; then
  echo 1 >/proc/sys/net/ipv4/ip_forward
  if [ -e /proc/sys/net/ipv6/conf/all/forwarding ]; then echo 1 >/proc/sys/net/ipv6/conf/all/forwarding; fi
fi

echo ready
# It reaps what daemonises: QEMU's probes become its children, and libvirt waits until they are truly gone. Its standard
# error is opened anew: the one that it came with is a file of the old root.
exec setpriv --inh-caps=-all --bounding-set="$VXMIG_CAPABILITIES" -- tini -- sleep infinity </dev/null >/dev/null 2>>/var/log/init.log
