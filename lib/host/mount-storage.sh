# shellcheck shell=sh
# Mounts an NFS export and writes down that vxmig did: mount-storage.sh TOPOLOGY STORAGE SOURCE PATH OPTIONS. What is
# mounted as it is to be already is left as it is; only where vxmig has mounted it, another topology's need is noted.
# Behind mount-marks.sh.
set -eu
export LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
topology=$1 storage=$2 source=$3 path=$4 options=$5
marks=/run/vxmig/mounts
mark=$marks/$topology/$storage
made=$(maker "$marks" "$path")
fail() { printf '%s\n' "$*" >&2; exit 1; }
as_wanted() {
  case $(seen "$path") in
    *" nfs $source" | *" nfs4 $source" | *" nfs $source/" | *" nfs4 $source/") ;;
    *) return 1 ;;
  esac
}
note() { printf '%s %s\n' "$1" "$path" >"$mark.new"; mv -- "$mark.new" "$mark"; }

mkdir -p -- "${mark%/*}"
if as_wanted; then
  id=$(seen "$path")
  id=${id%% *}
  if grep -qxF -- "$id $path" "$marks"/*/* 2>/dev/null; then note "$id"; fi
  rmdir -- "${mark%/*}" 2>/dev/null || true
  exit 0
fi
[ -z "$(seen "$path")" ] || fail "something else is mounted at $path: $(seen "$path")"
if [ ! -d "$path" ]; then mkdir -p -- "$path"; : >"$made"; fi
[ -z "$(find "$path" -maxdepth 0 ! -empty)" ] || fail "$path is not empty"
# First: a mount of which nobody knows whose it is would stay for ever.
note -
# The helper tries for two minutes by itself, and who waits for it does not know what for.
if ! said=$(timeout -k 5 60 mount -t nfs -o "retry=0,$options" -- "$source" "$path" 2>&1) || ! as_wanted; then
  rm -f -- "$mark"
  unmake "$made" "$path"
  rmdir -- "${mark%/*}" 2>/dev/null || true
  fail "${said:-$source does not answer within a minute}"
fi
id=$(seen "$path")
note "${id%% *}"
