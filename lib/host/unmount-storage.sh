# shellcheck shell=sh
# Unmounts what vxmig has mounted: unmount-storage.sh TOPOLOGY STORAGE. Never by force, and only when no other topology
# needs it: what is in use stays, and is named.
set -eu
export LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
marks=/run/vxmig/mounts
mark=$marks/$1/$2
[ -f "$mark" ] || exit 0
read -r id path <"$mark"
# What is seen there; a path in mountinfo has its blanks escaped, and a `-` was never written down.
now=$(awk -v path="$(printf '%s' "$path" | sed 's/\\/\\134/g; s/ /\\040/g' | sed 's/\\/\\\\/g')" \
  '$5 == path { for (i = 7; $i != "-"; i++); line = $1 " " $(i + 1) } END { print line }' /proc/self/mountinfo)
others=$(grep -lE -- '^[^ ]+ ' "$marks"/*/* 2>/dev/null | grep -vxF -- "$mark" | while read -r other; do
  if [ "$(sed 's/^[^ ]* //' -- "$other")" = "$path" ]; then echo "$other"; fi
done)
case $now in
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
made=$marks/.$(printf '%s' "$path" | cksum | tr ' ' -)
if [ -z "$others" ] && [ -e "$made" ]; then rm -f -- "$made"; rmdir -- "$path" 2>/dev/null || true; fi
rmdir -- "${mark%/*}" 2>/dev/null || true
