# shellcheck shell=sh
# Makes an image on an NFS server that this host has not mounted: make-nfs-volume.sh URI FORMAT BYTES BASE MARK; as
# make-volume.sh. QEMU's driver can neither link, rename nor remove, and creates over what is there. So the mark comes
# first, as being made and with a name for this attempt, and is the image's own only when that is whole. Behind
# image-format.sh.
set -eu
export LC_ALL=C
place=$1 format=$2 bytes=$3 base=$4 mark=$5
fail() { printf '%s\n' "$*" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

absent() {
  if said=$(timeout 20 qemu-img info -U -f raw -- "$1" 2>&1); then return 1; fi
  # The directory that is not there is something else: "Failed to mount".
  case $said in *'Failed to open file'*NFS3ERR_NOENT*) return 0 ;; esac
  fail "$(printf '%s\n' "$said" | tail -n 1)"
}
put() {
  printf '%s' "$1" >"$work/mark"
  # A block: nothing smaller is written as it is.
  truncate -s 512 "$work/mark"
  qemu-img convert -q -t writeback -f raw -O raw -- "$work/mark" "$place.vxmig"
}
get() {
  qemu-img convert -q -f raw -O raw -- "$place.vxmig" "$work/read"
  tr -d '\0' <"$work/read"
}
size_of() { qemu-img info -f "$from" --output=json -- "$1" | sed -n 's/^    "virtual-size": *\([0-9]*\).*/\1/p' | head -n 1; }

if [ -n "$base" ]; then
  [ -r "$base" ] || fail "the image $base is not there"
  from=$(image_format "$base") || fail "the image $base is not taken: $from"
  size=$(size_of "$base")
  if [ "$bytes" != 0 ] && [ "$bytes" -lt "$size" ]; then
    fail "the image $base has $size bytes, more than the $bytes that the disk is to have"
  fi
fi
absent "$place" || fail "$place is there already"
if ! absent "$place.vxmig"; then
  case $(get) in '{"making":'*) ;; *) fail "$place.vxmig is there already" ;; esac
fi
claim="{\"making\":\"$(cat /proc/sys/kernel/random/uuid)\"}"
put "$claim"
[ "$(get)" = "$claim" ] || fail "somebody else is making $place"
absent "$place" || fail "$place has come there meanwhile"

if ! said=$(
  if [ -n "$base" ]; then
    qemu-img convert -q -t writeback -f "$from" -O "$format" -- "$base" "$place" 2>&1 &&
      { [ "$bytes" = 0 ] || qemu-img resize -q -f "$format" -- "$place" "$bytes" 2>&1; }
  else
    qemu-img create -q -f "$format" -- "$place" "$bytes" 2>&1
  fi
); then
  fail "$said. It may be half made: remove $place and $place.vxmig on the server."
fi
[ "$(get)" = "$claim" ] || fail "somebody else has begun to make $place: look at it on the server"
put "$mark"
