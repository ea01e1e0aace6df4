# shellcheck shell=sh
# Makes an image: make-volume.sh PATH FORMAT BYTES BASE MARK; BYTES 0: as large as the base; BASE empty: it begins
# empty. What is at PATH already is never touched: the image comes there whole, by a link. Behind image-format.sh.
set -eu
export LC_ALL=C
place=$1 format=$2 bytes=$3 base=$4 mark=$5
part=$place.part
fail() { printf '%s\n' "$*" >&2; exit 1; }

if [ -n "$base" ]; then
  [ -r "$base" ] || fail "the image $base is not there"
  from=$(image_format "$base") || fail "the image $base is not taken: $from"
fi
[ ! -e "$place" ] || fail "$place is there already"
mkdir -p -- "${place%/*}"
# Of one that was killed.
rm -f -- "$part"

if [ -n "$base" ]; then
  needed=$(qemu-img measure -f "$from" -O "$format" --output=json -- "$base" | sed -n 's/.*"required": *\([0-9]*\).*/\1/p')
else
  needed=0
fi
free=$(df --output=avail --block-size=1 -- "${place%/*}" | tail -n 1 | tr -d ' ')
if [ "$free" -lt "${needed:-0}" ]; then
  fail "no room: $needed bytes are needed in ${place%/*}, and $free are free"
fi

if [ -n "$base" ]; then
  if ! said=$(qemu-img convert -q -f "$from" -O "$format" -- "$base" "$part" 2>&1); then rm -f -- "$part"; fail "$said"; fi
  if [ "$bytes" != 0 ]; then
    size=$(qemu-img info -f "$format" --output=json -- "$part" | sed -n 's/.*"virtual-size": *\([0-9]*\).*/\1/p' | head -n 1)
    if [ "$bytes" -lt "$size" ]; then
      rm -f -- "$part"
      fail "the image $base has $size bytes, more than the $bytes that the disk is to have"
    fi
    qemu-img resize -q -f "$format" -- "$part" "$bytes"
  fi
else
  qemu-img create -q -f "$format" -- "$part" "$bytes"
fi
# On the storage before anybody counts on it. The mark comes last: one beside a file of somebody else's would give that
# away to `destroy --disks`.
sync -- "$part"
ln -- "$part" "$place" 2>/dev/null || { rm -f -- "$part"; fail "$place has come there meanwhile"; }
rm -f -- "$part"
printf '%s' "$mark" >"$place.vxmig"
sync -- "$place.vxmig" "${place%/*}"
