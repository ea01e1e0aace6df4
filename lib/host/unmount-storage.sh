# shellcheck shell=sh
# Unmounts what vxmig has mounted: unmount-storage.sh TOPOLOGY STORAGE. Never by force, and only when no other topology
# needs it: what is in use stays, and is named. Behind mount-marks.sh.
set -eu
export LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
marks=/run/vxmig/mounts
mark=$marks/$1/$2
[ -f "$mark" ] || exit 0
read -r id path <"$mark"
now=$(seen "$path")
others=$(grep -lE -- '^[^ ]+ ' "$marks"/*/* 2>/dev/null | grep -vxF -- "$mark" | while read -r other; do
  if [ "$(sed 's/^[^ ]* //' -- "$other")" = "$path" ]; then echo "$other"; fi
done)
# Without its source. A `-` for its identity was never replaced by one.
case ${now% *} in
  "$id nfs" | "$id nfs4") mine=yes ;;
  *" nfs" | *" nfs4") if [ "$id" = - ]; then mine=yes; else mine=; fi ;;
  *) mine= ;;
esac
if [ -n "$mine" ] && [ -z "$others" ]; then
  if ! said=$(timeout -k 5 60 umount -- "$path" 2>&1); then
    users=$(timeout -s KILL 10 fuser -m "$path" 2>/dev/null) || users=
    printf '%s is in use, and stays mounted: %s%s\n' "$path" "$said" "${users:+ (processes$users)}" >&2
    exit 1
  fi
fi
rm -f -- "$mark"
if [ -z "$others" ]; then unmake "$(maker "$marks" "$path")" "$path"; fi
rmdir -- "${mark%/*}" 2>/dev/null || true
