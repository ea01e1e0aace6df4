#!/usr/bin/env bash
# Builds `image: debian`: a Debian 12 with systemd, sshd, cloud-init, nginx and iperf3, as a disk that boots by itself.
#
#   build.sh [--output DIR] [--mirror URL] [--refresh]     default: /var/lib/vxmig/images/debian
#
# Writes disk.qcow2 and `stamp` there, from the distribution's own packages and nothing else. Needs root, 3 GB of room
# and a few minutes; a second run finds its stamp and does nothing, with no network. --refresh builds anew, and so
# picks up the archive's newest packages.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
output=/var/lib/vxmig/images/debian
mirror=
refresh=no

say() { echo "debian image: $*"; }
fail() {
  echo "debian image: $*" >&2
  exit 1
}

while [ $# -gt 0 ]; do
  case $1 in
  --output) output=${2:?--output needs a directory} && shift 2 ;;
  --mirror) mirror=${2:?--mirror needs a URL} && shift 2 ;;
  --refresh) refresh=yes && shift ;;
  *) fail "unknown argument '$1' (build.sh [--output DIR] [--mirror URL] [--refresh])" ;;
  esac
done

PATH=$PATH:/usr/sbin:/sbin
stamp=$(cat "$here"/build.sh "$here"/customize.sh "$here"/packages.txt | sha256sum)
stamp=${stamp%% *}
if [ "$refresh" = no ] && [ -s "$output/disk.qcow2" ] &&
  [ "$(sed -n 's/^inputs //p' "$output/stamp" 2>/dev/null || true)" = "$stamp" ]; then
  say "$output is there already ($(sed -n 's/^kernel //p' "$output/stamp"))"
  exit 0
fi

[ "$(id -u)" = 0 ] || fail "only root can make the files of a system that are root's"
# Status 2: something has to be installed first.
lacks() {
  echo "debian image: $1 is missing (package $2)" >&2
  exit 2
}
while read -r tool package; do
  command -v "$tool" >/dev/null || lacks "$tool" "$package"
done <<'TOOLS'
mmdebstrap mmdebstrap
mke2fs e2fsprogs
sfdisk fdisk
qemu-img qemu-utils
dpkg-deb dpkg
apt-get apt
sha256sum coreutils
unshare util-linux
TOOLS
# Debian's packages are known by it.
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -s "$keyring" ] || lacks "$keyring" debian-archive-keyring

# --- where its packages come from -----------------------------------------------------------------------------------
# The mirror that this machine has, where it is a Debian: it is near, and perhaps the only one that can be reached.
if [ -z "$mirror" ]; then
  # shellcheck disable=SC2016 # apt's own variables
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(LABEL)' 'Identifier: Packages' 2>/dev/null |
    sed -n 's/ Debian$//p' | sort -u | head -n 1)
fi
mirror=${mirror:-http://deb.debian.org/debian}

work=$(mktemp -d "${TMPDIR:-/var/tmp}/vxmig-debian.XXXXXX")
trap 'rm -rf --one-file-system "$work" "$output/disk.qcow2.$$"' EXIT
# Waited for is what runs: it would make anew what is removed under it.
trap 'exit 143' HUP INT TERM
free=$(df --output=avail --block-size=1M "$work" | tail -n 1)
[ "$free" -ge 3500 ] || fail "only $free MiB are free in ${work%/*}, of 3500 that it needs (TMPDIR names another place)"

# --- the file system -------------------------------------------------------------------------------------------------
packages=$(sed 's/#.*//' "$here/packages.txt" | tr -s ' \n' ',' | sed 's/^,//; s/,$//')
say "installing Debian 12 from $mirror into a directory; that takes some minutes"
# It mounts this machine's /proc, /sys and /dev inside what it builds. In a mount namespace of its own they are gone when
# it is killed, and nobody who then deletes the directory deletes them.
TMPDIR=$work unshare --mount --propagation private mmdebstrap --quiet --variant=minbase --keyring="$keyring" --include="$packages" \
  --aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
  --customize-hook="sh '$here/customize.sh' \"\$1\"" \
  bookworm "$work/root.tar" "$mirror" >"$work/log" 2>&1 ||
  fail "mmdebstrap has failed: $(tail -n 3 "$work/log" | tr '\n' ' ')"
mkdir "$work/root"
tar -xf "$work/root.tar" -C "$work/root" --numeric-owner
rm "$work/root.tar"
kernel=$(basename "$work"/root/boot/vmlinuz-*)
kernel=${kernel#vmlinuz-}

# --- the disk --------------------------------------------------------------------------------------------------------
# No loop device is needed: mke2fs fills the file system by itself, and GRUB's two pieces are put where the BIOS looks.
start=2048
used=$(du -sm "$work/root" | cut -f 1)
size=$((used + 400))
mke2fs -q -t ext4 -L vxmig-root -d "$work/root" "$work/part" "${size}M" >/dev/null
rm -rf "$work/root"
truncate -s $(((size + 1) * 1024 * 1024)) "$work/disk"
echo "start=$start, type=83, bootable" | sfdisk --quiet --no-reread --no-tell-kernel "$work/disk"
dd if="$work/part" of="$work/disk" bs=1M seek=1 conv=notrunc,sparse status=none
rm "$work/part"

say "unpacking GRUB, for the image only (not installed on this machine)"
(cd "$work" && apt-get -q download grub-pc-bin grub-common) >"$work/log" 2>&1 ||
  { apt-get -q update >/dev/null 2>&1 && (cd "$work" && apt-get -q download grub-pc-bin grub-common) >"$work/log" 2>&1; } ||
  fail "GRUB cannot be downloaded: $(tail -n 2 "$work/log" | tr '\n' ' ')"
mkdir "$work/grub"
for deb in "$work"/grub-*.deb; do dpkg-deb -x "$deb" "$work/grub"; done
modules=$work/grub/usr/lib/grub/i386-pc
cat >"$work/early.cfg" <<'CFG'
search --no-floppy --label vxmig-root --set root
set prefix=($root)/boot/grub
configfile ($root)/boot/grub/grub.cfg
CFG
"$work/grub/usr/bin/grub-mkimage" --directory="$modules" --format=i386-pc --prefix=/boot/grub \
  --config="$work/early.cfg" --output="$work/core.img" \
  biosdisk part_msdos ext2 search search_label normal configfile linux echo serial terminal test
[ "$(stat -c %s "$work/core.img")" -le $(((start - 1) * 512)) ] || fail "GRUB does not fit in front of the partition"
# The first 440 bytes are code, what follows is the table of partitions.
dd if="$modules/boot.img" of="$work/disk" bs=440 count=1 conv=notrunc status=none
dd if="$work/core.img" of="$work/disk" bs=512 seek=1 conv=notrunc status=none

mkdir -p "$output"
# Under a name of its own: who builds at the same time does not write into it.
qemu-img convert -q -f raw -O qcow2 "$work/disk" "$output/disk.qcow2.$$"
# The stamp goes first and comes back last: a build that is cut off in between is built again.
rm -f "$output/stamp"
mv "$output/disk.qcow2.$$" "$output/disk.qcow2"
printf 'inputs %s\nkernel %s\n' "$stamp" "$kernel" >"$output/stamp"
say "$output: kernel $kernel, $(($(stat -c %s "$output/disk.qcow2") / 1048576)) MiB"
