# shellcheck shell=sh
# What this host sees of a domain's parts. Only reads; servers are connected to and nothing is said to them.
connect_seconds=$1 digest_bytes=$2; shift 2
# And then groups of four: what it is, and three that say which.
export LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
newline='
'
identity() {
  leaves=$(lsblk -nsrpo TYPE,WWN -- "$1" | awk '$1 == "disk" || $1 == "mpath" { print ($2 == "" ? "-" : $2) }' | sort -u | tr '\n' ' ')
  case " $leaves" in *" - "*|" ") return ;; esac
  part=$(cat "/sys/class/block/${1##*/}/dm/uuid" 2>/dev/null || lsblk -ndo PARTUUID -- "$1")
  echo "$leaves/ $part"
}
describe() {
  why=$(stat -L -- "$1" 2>&1 >/dev/null) || { printf 'missing=%s\npath=%s\n' "${why##*: }" "$1"; return; }
  real=$(readlink -e -- "$1")
  case $real in ''|*"$newline"*) printf 'missing=its name cannot be followed\npath=%s\n' "$1"; return ;; esac
  printf 'path=%s\n' "$real"
  stat -c 'stat=%d|%i|%s|%u|%g|%W|%F' -- "$real"
  printf 'directory=%s\n' "$(stat -c %d -- "${real%/*}/")"
  printf 'mount=%s\n' "$(findmnt -nrf -o FSTYPE,SOURCE -T "$real")"
  if [ -b "$real" ]; then printf 'block=%s|%s\n' "$(lsblk -bndo SIZE -- "$real")" "$(identity "$real")"; fi
  if [ "$2" = digest ] && { [ -f "$real" ] || [ -b "$real" ]; }; then
    printf 'digest=%s\n' "$({ head -c "$digest_bytes" -- "$real"; tail -c "$digest_bytes" -- "$real"; } | timeout 30 sha256sum)"
  fi
}
serve() {
  getent ahosts "$1" | awk '{ print "address=" $1 }' | sort -u
  [ "$3" = connect ] || return
  # shellcheck disable=SC2016 # for the shell that it is given to
  why=$(timeout "$connect_seconds" bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" 2>&1) && return
  [ $? -ne 124 ] || why="no answer within $connect_seconds s"
  printf 'silence=%s\n' "$(printf '%s\n' "${why:-it cannot be reached}" | tail -n 1 | sed 's/.*: //')"
}
echo '=== host'
cat /proc/sys/kernel/random/boot_id
ip -o address show | awk '{ sub("/.*", "", $4); print $4 }'
while [ "$#" -ge 4 ]; do
  echo '=== item'
  case $1 in
    path) describe "$2" "$4" ;;
    volume)
      if found=$(virsh -q -c qemu:///system vol-path --pool "$2" --vol "$3" 2>&1); then describe "$found" "$4"
      else printf 'missing=%s\npath=%s\n' "$(printf '%s\n' "$found" | tail -n 1)" "$2/$3"; fi ;;
    server) serve "$2" "$3" "$4" ;;
    ceph) sed -n 's/^[[:space:]]*\(fsid\|mon[_ ]host\)[[:space:]]*=[[:space:]]*/address=\1 /p' /etc/ceph/ceph.conf | sort ;;
  esac
  shift 4
done
echo '=== end'
