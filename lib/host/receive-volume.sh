# shellcheck shell=sh
# Makes an empty image, into which a disk is copied: receive-volume.sh PATH FORMAT BYTES NEEDED BASE BASE-FORMAT MARK…;
# BASE empty: it lies on nothing. What is at PATH already is never touched, unless it has one of these
# marks, of copies that were cut off. The first one is its own.
set -eu
export LC_ALL=C
place=$1 format=$2 bytes=$3 needed=$4 base=$5 base_format=$6 mark=$7
shift 6
part=$place.part
fail() { printf '%s\n' "$*" >&2; exit 1; }

if [ -e "$place" ] || [ -L "$place" ]; then
  is=$(cat -- "$place.vxmig" 2>/dev/null || true)
  known=
  for one in "$@"; do [ "$is" != "$one" ] || known=yes; done
  [ -n "$known" ] || fail "$place is there already"
  # Without -U it is refused while a QEMU has it open to write.
  said=$(qemu-img info -- "$place" 2>&1) || fail "$place is in use: $(printf '%s\n' "$said" | tail -n 1)"
  rm -f -- "$place"
fi
mkdir -p -- "${place%/*}"
# Of one that was killed.
rm -f -- "$part" "$place.vxmig"
free=$(df --output=avail --block-size=1 -- "${place%/*}" | tail -n 1 | tr -d ' ')
[ "$free" -ge "$needed" ] || fail "no room: $needed bytes are needed in ${place%/*}, and $free are free"
if [ -n "$base" ]; then
  qemu-img create -q -f "$format" -b "$base" -F "$base_format" -- "$part" "$bytes"
else
  qemu-img create -q -f "$format" -- "$part" "$bytes"
fi
ln -- "$part" "$place" 2>/dev/null || { rm -f -- "$part"; fail "$place has come there meanwhile"; }
rm -f -- "$part"
printf '%s\n' "$mark" >"$place.vxmig"
sync -- "$place.vxmig" "${place%/*}"
