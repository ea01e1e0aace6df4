# shellcheck shell=sh
# Makes an image on an NFS server that this host has not mounted: make-nfs-volume.sh URI FORMAT BYTES BASE MARK; as
# make-volume.sh. QEMU's driver can neither link, rename nor remove, and creates over what is there. So the mark comes
# first, as being made and with a name for this attempt, and is the image's own only when that is whole. An attempt that
# fails empties its image, and the next one begins anew there; what a person can do is in the last line, after `fix: `.
# Behind image-format.sh and nfs-look.sh.
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
of_base() { sed -n "s/^    \"$1\": *\([0-9]*\).*/\1/p" | head -n 1; }
rest=${place#nfs://}
server=${rest%%/*}
path=$(printf '/%s' "${rest#*/}" | sed 's/%2B/+/g; s/%40/@/g')
half_made() {
  fail "$said
fix: It is left half made, and nothing takes it. On the server $server: \`rm -- $path $path.vxmig\`. $room, and apply again."
}
room='Make room there, or mend what the message says'

if [ -n "$base" ]; then
  [ -r "$base" ] || fail "the image $base is not there"
  from=$(image_format "$base") || fail "the image $base is not taken: $from"
  size=$(qemu-img info -f "$from" --output=json -- "$base" | of_base virtual-size)
  if [ "$bytes" != 0 ] && [ "$bytes" -lt "$size" ]; then
    fail "the image $base has $size bytes, more than the $bytes that the disk is to have"
  fi
  needed=$(qemu-img measure -f "$from" -O "$format" --output=json -- "$base" | of_base required)
  free=$(nfs_room "${place%/*}")
  if [ -n "$free" ] && [ "$free" -lt "${needed:-0}" ]; then
    fail "no room: $needed bytes are needed in ${path%/*} on the server $server, and $free are free
fix: Make room there, and apply again."
  fi
fi
begun=
if ! absent "$place.vxmig"; then
  case $(get) in
    '{"making":'*) begun=yes ;;
    # For that there was no room.
    '') ;;
    *) fail "$place.vxmig is there already" ;;
  esac
fi
# In what is empty there is nothing that could be lost, and the mark says whose attempt left it so.
unused() { absent "$place" || { [ -n "$begun" ] && nfs_empty "$place"; }; }
unused || fail "$place is there already"
claim="{\"making\":\"$(cat /proc/sys/kernel/random/uuid)\"}"
if ! said=$(put "$claim" 2>&1); then
  fail "$said
fix: $room, and apply again. $path.vxmig may be left on the server $server, empty: the next apply takes it."
fi
[ "$(get)" = "$claim" ] || fail "somebody else is making $place"
unused || fail "$place has come there meanwhile"

if ! said=$(
  if [ -n "$base" ]; then
    qemu-img convert -q -t writeback -f "$from" -O "$format" -- "$base" "$place" 2>&1 &&
      { [ "$bytes" = 0 ] || qemu-img resize -q -f "$format" -- "$place" "$bytes" 2>&1; }
  else
    qemu-img create -q -f "$format" -- "$place" "$bytes" 2>&1
  fi
); then
  # Where the server does not answer for long, that is not waited for.
  if [ "$(get 2>/dev/null)" = "$claim" ] && timeout 60 qemu-img create -q -f raw -- "$place" 0 >/dev/null 2>&1; then
    fail "$said
fix: $room, and apply again. What had been written was given up: $path is left on the server $server, empty, and \
the next apply takes it; or remove it: \`rm -- $path $path.vxmig\`."
  fi
  half_made
fi
[ "$(get)" = "$claim" ] || fail "somebody else has begun to make $place: look at it on the server"
said=$(put "$mark" 2>&1) || half_made
