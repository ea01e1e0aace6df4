# shellcheck shell=sh
# Asks a guest to shut itself down, and waits for it: shutdown-domain.sh DOMAIN CONSOLE QUIET MOST, times in seconds.
# Prints `off`, or `on` where it goes on. It is waited for so long as its console shows that it is at it: QUIET after
# what it has printed last, and MOST at all.
set -eu
export LC_ALL=C.UTF-8
domain=$1 console=$2 quiet=$3 most=$4
tell() { virsh -q -c qemu:///system "$@" </dev/null 2>/dev/null; }
size() { stat -c %s -- "$console" 2>/dev/null || echo none; }
begun=$(date +%s)
heard=$begun
asked=0
printed=$(size)
while :; do
  case $(tell domstate --domain "$domain") in
    running | 'in shutdown') ;;
    'shut off') echo off; exit 0 ;;
    *) echo on; exit 0 ;;
  esac
  now=$(date +%s)
  if [ "$(size)" != "$printed" ]; then printed=$(size) heard=$now; fi
  if [ $((now - heard)) -ge "$quiet" ] || [ $((now - begun)) -ge "$most" ]; then echo on; exit 0; fi
  # A guest that still boots does not hear it.
  if [ $((now - asked)) -ge 10 ]; then tell shutdown --domain "$domain" || true; asked=$now; fi
  sleep 0.5
done
