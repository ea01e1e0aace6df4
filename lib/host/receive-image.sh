# shellcheck shell=sh
# Takes an image from its standard input: receive-image.sh PLACE DIGEST BYTES. It comes there whole or not at all; what
# is there already under that name has the same content and is left. What it names is only read by root.
set -eu
umask 077
export LC_ALL=C
place=$1 digest=$2 bytes=$3
fail() { printf '%s\n' "$*" >&2; exit 1; }
if [ -e "$place" ]; then cat >/dev/null; exit 0; fi
mkdir -p -- "${place%/*}"
free=$(df --output=avail --block-size=1 -- "${place%/*}" | tail -n 1 | tr -d ' ')
[ "$free" -ge "$bytes" ] || fail "no room: $bytes bytes are needed in ${place%/*}, and $free are free"
part=$(mktemp -- "$place.part.XXXXXX")
trap 'rm -f -- "$part"' EXIT
trap 'exit 1' HUP INT TERM
cat >"$part"
found=$(sha256sum <"$part")
[ "${found%% *}" = "$digest" ] || fail "what has come is not what was to be sent: it broke off, or the file was changed"
sync -- "$part"
mv -- "$part" "$place"
