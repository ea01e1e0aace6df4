#!/usr/bin/env bash
# Builds the lab's guest, `image: micro`: a Debian or Ubuntu kernel and an initramfs of busybox and a few scripts.
#
#   build.sh [--output DIR] [--refresh]     default: /var/lib/vxmig/images/micro
#
# Writes vmlinuz, initrd.img and `stamp` there. The kernel's package is only unpacked, never installed: this machine
# keeps booting what it boots. A second run finds its stamp and does nothing, with no network; --refresh builds anew,
# and so picks up the archive's newest kernel.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
output=/var/lib/vxmig/images/micro
refresh=no

say() { echo "guest: $*"; }
fail() {
  echo "guest: $*" >&2
  exit 1
}

while [ $# -gt 0 ]; do
  case $1 in
  --output) output=${2:?--output needs a directory} && shift 2 ;;
  --refresh) refresh=yes && shift ;;
  *) fail "unknown argument '$1' (build.sh [--output DIR] [--refresh])" ;;
  esac
done

for tool in busybox fping ldd cpio depmod modprobe dpkg-deb apt-get xz zstd sha256sum; do
  command -v "$tool" >/dev/null || PATH=$PATH:/usr/sbin:/sbin command -v "$tool" >/dev/null ||
    fail "$tool is missing: run lib/provision/provision.sh lab (package of the same name, or busybox-static, kmod, libc-bin, xz-utils)"
done
PATH=$PATH:/usr/sbin:/sbin
busybox=$(command -v busybox)
fping=$(command -v fping)
# A dynamically linked busybox would need a C library in the guest.
[ "$(dpkg-query -W -f '${Package}' busybox-static 2>/dev/null || true)" = busybox-static ] ||
  fail "busybox-static is not installed: run lib/provision/provision.sh lab"

stamp=$(cat "$here"/build.sh "$here"/init "$here"/clock "$here"/query.sh "$here"/www/cgi-bin/* "$busybox" "$fping" | sha256sum)
stamp=${stamp%% *}
if [ "$refresh" = no ] && [ -s "$output/vmlinuz" ] && [ -s "$output/initrd.img" ] &&
  [ "$(sed -n 's/^inputs //p' "$output/stamp" 2>/dev/null || true)" = "$stamp" ]; then
  say "$output is there already ($(sed -n 's/^kernel //p' "$output/stamp"))"
  exit 0
fi

work=$(mktemp -d /tmp/vxmig-guest.XXXXXX)
trap 'rm -rf "$work"' EXIT

# --- the kernel's packages -------------------------------------------------------------------------------------------
# The distribution's own name for "the newest small kernel" is a metapackage; what it depends on is what is unpacked.
candidate() { apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: //p' | grep -v '(none)' || true; }

depends_on() { # PACKAGE PREFIX → the packages it depends on whose names begin with PREFIX
  apt-cache show "$1=$(candidate "$1")" | sed -n 's/^Depends: //p' | sed 's/[,|]/\n/g' |
    sed 's/^ *//; s/ .*//' | grep "^$2" | sort -u || true
}

kernel_is_known() { [ -n "$(candidate linux-image-cloud-amd64)$(candidate linux-image-virtual)" ]; }
kernel_is_known || apt-get -q update >/dev/null 2>&1 || true
if [ -n "$(candidate linux-image-cloud-amd64)" ]; then
  image=$(depends_on linux-image-cloud-amd64 'linux-image-')
  packages=$image
elif [ -n "$(candidate linux-image-virtual)" ]; then
  image=$(depends_on linux-image-virtual 'linux-image-[0-9]')
  # Ubuntu keeps the modules in a package of their own.
  packages="$image ${image/linux-image-/linux-modules-}"
else
  fail "neither linux-image-cloud-amd64 (Debian) nor linux-image-virtual (Ubuntu) is known to apt (is the network there?)"
fi
[ -n "$image" ] || fail "apt knows the kernel's metapackage but not what it depends on: run apt-get update"

say "downloading and unpacking $packages, for the guest only (not installed on this machine)"
# A package list older than the archive names files that are gone; one fresh look mends that, for root.
download() { (cd "$work" && apt-get -q download "$1") >"$work/log" 2>&1; }
for package in $packages; do
  download "$package" || { apt-get -q update >/dev/null 2>&1 && download "$package"; } ||
    fail "$package cannot be downloaded (is the network there?): $(tail -n 2 "$work/log" | tr '\n' ' ')"
done
mkdir "$work/kernel"
for deb in "$work"/*.deb; do
  dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$work/kernel" --exclude='./usr/share/*'
done
# Debian 13 ships modules below /usr/lib; older releases below /lib. The tools look below /lib.
[ -d "$work/kernel/lib" ] || ln -s usr/lib "$work/kernel/lib"
release=$(ls "$work/kernel/lib/modules")
depmod -b "$work/kernel" "$release"

# --- the initramfs ---------------------------------------------------------------------------------------------------
root=$work/root
mkdir -p "$root"/{bin,dev,etc,modules,proc,run,sys,tmp,www}
install -m 755 "$busybox" "$root/bin/busybox"
# busybox's own ping tells no times, and its receive buffer is too small for what comes at once after a pause.
install -m 755 "$fping" "$root/bin/fping"
for library in $(ldd "$fping" | grep -o '/[^ ]*'); do
  install -D -m 755 "$library" "$root$library"
done
printf 'icmp 1\nipv6-icmp 58\n' >"$root/etc/protocols"
install -m 755 "$here/clock" "$root/bin/clock"
install -m 755 "$here/init" "$root/init"
install -m 644 "$here/query.sh" "$root/www/query.sh"
mkdir "$root/www/cgi-bin"
install -m 755 "$here"/www/cgi-bin/* "$root/www/cgi-bin/"
: >"$root/etc/httpd.conf"
printf 'root:x:0:0:root:/root:/bin/sh\n' >"$root/etc/passwd"

# What a virtio NIC on PCI needs, in the order of dependencies; nothing is listed for what the kernel has built in.
modules_for() {
  modprobe -d "$work/kernel" -S "$release" --show-depends "$1" 2>/dev/null | sed -n 's/^insmod \([^ ]*\).*/\1/p'
}
{
  for module in virtio_pci virtio_net af_packet ipv6; do
    modules_for "$module" || fail "the kernel $release has no module $module"
  done
  # Tells libvirt of a panic (`<panic model="isa"/>`). Ubuntu keeps it in a package of its own; the guest does without.
  modules_for pvpanic-mmio || true
  # For frames with a VLAN tag, which port security drops (www/cgi-bin/forge).
  modules_for 8021q || true
  # For whoever is behind the guest's NIC (www/cgi-bin/nest).
  modules_for macvlan || true
} | awk '!seen[$0]++' >"$work/modules"
while read -r path; do
  file=${path##*/}
  case $file in
  *.xz) xz -dc "$path" >"$root/modules/${file%.xz}" ;;
  *.zst) zstd -qdc "$path" >"$root/modules/${file%.zst}" ;;
  *) cp "$path" "$root/modules/$file" ;;
  esac
  echo "${file%%.ko*}.ko"
done <"$work/modules" >"$root/modules/order"

# Not compressed: QEMU hands it over at once, while unpacking it costs an emulated processor longer than it saves.
mkdir -p "$output"
(cd "$root" && find . -print0 | LC_ALL=C sort -z | cpio --quiet --null -o -H newc --owner=0:0 --reproducible) >"$work/initrd.img"
install -m 644 "$work/initrd.img" "$output/initrd.img.new"
install -m 644 "$work/kernel/boot/vmlinuz-$release" "$output/vmlinuz.new"
# The stamp goes first and comes back last: a build that is cut off in between is built again.
rm -f "$output/stamp"
mv "$output/initrd.img.new" "$output/initrd.img"
mv "$output/vmlinuz.new" "$output/vmlinuz"
printf 'inputs %s\nkernel %s\n' "$stamp" "$release" >"$output/stamp"
say "$output: kernel $release, initramfs $(($(stat -c %s "$output/initrd.img") / 1024)) KiB"
