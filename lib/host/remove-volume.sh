# shellcheck shell=sh
# Removes an image that vxmig has made: remove-volume.sh PLACE MARK. Never one with another mark, or that is open.
set -eu
export LC_ALL=C
place=$1 mark=$2
fail() { printf '%s\n' "$*" >&2; exit 1; }
case $place in
  nfs://*) fail "QEMU's NFS driver can remove nothing: remove $place and $place.vxmig on the server" ;;
esac
[ -e "$place" ] || [ -e "$place.vxmig" ] || exit 0
[ "$(tr -d '\0' 2>/dev/null <"$place.vxmig" || true)" = "$mark" ] || fail "$place is not marked as made for this disk"
if [ -e "$place" ]; then
  # Without -U it is refused while a QEMU, here or elsewhere, has it open to write.
  said=$(qemu-img info -- "$place" 2>&1) || fail "it is in use, or cannot be read: $(printf '%s\n' "$said" | tail -n 1)"
  rm -f -- "$place"
fi
# Last: what has no mark is never removed.
rm -f -- "$place.vxmig"
sync -- "${place%/*}"
