# shellcheck shell=sh
# The VM has come to its image: settle-volume.sh PATH MARK NEW-MARK; NEW-MARK empty: it is nobody's of vxmig's.
set -eu
place=$1 mark=$2 new=$3
[ "$(cat -- "$place.vxmig" 2>/dev/null || true)" = "$mark" ] || { printf '%s\n' "$place has another mark" >&2; exit 1; }
# On the storage, before the image at the old host goes.
sync -- "$place"
if [ -n "$new" ]; then
  printf '%s\n' "$new" >"$place.vxmig.new"
  sync -- "$place.vxmig.new"
  mv -- "$place.vxmig.new" "$place.vxmig"
else
  rm -f -- "$place.vxmig"
fi
sync -- "${place%/*}"
