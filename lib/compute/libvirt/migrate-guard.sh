# shellcheck shell=bash
# Runs `virsh migrate ...` at the source; sent by migrate-guard.ts. Its input is the controller, heard by a line from time to time.
#
# libvirtd drives the migration, so that it ends well whatever becomes of the virsh that asked for it. When nobody speaks to this shell
# any more the job is aborted, again and again until it is over: libvirt refuses where it is too late to go back, and then brings it to
# its end. A VM that stays gets back the limits that it had, for they outlive the job.
#
# With `uri` the guest arrives paused, and is woken from here when its QEMU on this host is past running it: when it has gone, or every
# thread of it is exiting (PF_EXITING in proc_pid_stat(5); a large guest's memory takes long to give back). libvirt by itself lets it run
# at the destination first and ends it here afterwards; where the connection breaks in between, it lets it run here too.
# It carries a mark until it is woken: who finds it paused and marked knows that nobody has paused it, and `apply` lets it run.
#
# A QEMU that ends the copy of a disk waits, all of it, for what the other end has not answered (bdrv_graph_wrlock in its block.c), and
# the guest and libvirt with it: as long as TCP tries again, which is a quarter of an hour. So where a job that is called off does not
# end, its connections to `copies` are cut on this side.
trap '' PIPE
domain=$1 # as libvirt has it
quoted=$2 # as a line that virsh reads has it
uri=$3    # the destination's libvirt, where the guest arrives paused; empty: it is libvirt that lets it run
lease=$4  # seconds: a controller that has not been heard for so long is gone
look=$5   # seconds between two looks at the QEMU here
answer=$6 # seconds: a virsh that has not answered by then is not waited for
wake=$7   # seconds in which somebody whom nobody controls any more tries to reach the destination
pids=$8   # where libvirt keeps DOMAIN.pid
proc=$9   # /proc
mark=${10} # the namespace of the mark's element
copies=${11} # the address to which disks are copied; empty: none is
shift 11
# What is left is the job.
export LC_ALL=C
ask() { virsh -q -c qemu:///system "$@" </dev/null 2>/dev/null; }
there() { timeout 20 virsh -q -c "$uri" "$@" </dev/null 2>/dev/null; }
limits=$(ask "migrate-getspeed --domain $quoted; migrate-getmaxdowntime --domain $quoted")
{ read -r process <"$pids/$domain.pid"; } 2>/dev/null
sockets() { ss -Htnp dst "$copies" | grep -F "pid=$process,"; }
# Storage may be at the same host.
own=
[ -z "$copies" ] || own=$(sockets | while read -r _ _ _ _ peer _; do printf ' %s ' "${peer##*:}"; done)
sever() {
  local near peer
  [ -z "$copies" ] || sockets | while read -r _ _ _ near peer _; do
    case $own in *" ${peer##*:} "*) ;; *) ss -K -tn dst "$copies" sport = ":${near##*:}" dport = ":${peer##*:}" ;; esac
  done
}
abort() {
  timeout "$answer" virsh -q -c qemu:///system domjobabort --domain "$domain" </dev/null
  [ $? -ne 124 ] || sever
}
echo ready
exec 3<&0
if [ -n "$uri" ]; then
  qemu=$process
  coproc far { exec virsh -q -c "$uri" 2>&1 3<&-; }
  say=${far[1]} hear=${far[0]}
  # To wait for nothing costs no process.
  exec 5<> <(:)
  ask metadata --domain "$domain" --live --uri "$mark" --key vxmig --set '<arriving/>' >/dev/null
fi
"$@" 3<&- 5<&- </dev/null & job=$!
# Not by `kill -0`, for which a job that has ended is there until this shell takes notice; and a bash that is in `read -t`
# when a child ends may never hear of it (seen in 5.2, as a child that stays in state Z). Who took it for running would
# abort whatever libvirt does with the VM next.
is_running() {
  local fields
  read_stat "/proc/$job/stat" && [[ ${fields[0]} != [ZX] ]]
} 2>/dev/null
# What follows the name, which may hold anything: the state, and then numbers.
read_stat() {
  local line
  read -r line <"$1" || return
  # shellcheck disable=SC2206 # a here-string would cost a file each time
  fields=(${line##*) })
}
alone=
trap 'alone=yes' USR1
{
  while read -r -t "$lease" word; do [ "$word" != sever ] || sever; done <&3
  kill -USR1 $$
  while is_running; do abort; sleep 0.3; done
} >/dev/null 2>&1 & watcher=$!
could_run() {
  local stat fields
  for stat in "$proc/$qemu/task/"*/stat; do
    read_stat "$stat" || continue
    [ $((fields[6] & 4)) -ne 0 ] || return 0
  done
  return 1
}
woken=
wake() {
  local line
  printf 'resume --domain %s\ndomstate --domain %s\n' "$quoted" "$quoted" >&"$say"
  while read -r -t "$answer" line <&"$hear"; do
    if [ "$line" = running ]; then woken=yes; break; fi
  done
  [ -z "$woken" ] || printf 'metadata --domain %s --live --uri %s --remove\n' "$quoted" "$mark" >&"$say"
}
if [ -n "$qemu" ]; then
  while is_running && could_run; do read -r -t "$look" _ <&5; done
  could_run || wake
fi 2>/dev/null
# A signal of the watcher's ends a wait, not the job.
while is_running; do wait "$job"; done
wait "$job"; status=$?
kill "$watcher" 2>/dev/null
# Somebody has killed virsh: libvirtd goes on without it.
if [ "$status" -gt 128 ]; then
  while abort 2>/dev/null; ask domjobinfo --domain "$domain" | grep -q 'Job type: .*ounded'; do sleep 0.3; done
fi
moved=
if [ "$status" -eq 0 ] || { [ -n "$qemu" ] && ! could_run; }; then moved=yes; fi 2>/dev/null
if [ -n "$moved" ] && [ -n "$uri" ]; then
  [ -n "$woken" ] || wake 2>/dev/null
  # Nobody else will do it.
  SECONDS=0
  while [ -z "$woken" ] && [ -n "$alone" ] && [ "$SECONDS" -lt "$wake" ]; do
    there resume --domain "$domain"
    if [ "$(there domstate --domain "$domain")" = running ]; then woken=yes; else sleep 1; fi
    [ -z "$woken" ] || there metadata --domain "$domain" --live --uri "$mark" --remove
  done
elif [ "$status" -ne 0 ]; then
  [ -z "$uri" ] || ask metadata --domain "$domain" --live --uri "$mark" --remove
  ask migrate-setspeed --domain "$domain" --bandwidth "${limits%%[!0-9]*}"
  ask migrate-setmaxdowntime --domain "$domain" --downtime "${limits##*[!0-9]}"
fi >/dev/null
exit "$status"
