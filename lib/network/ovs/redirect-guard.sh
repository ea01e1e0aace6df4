# shellcheck shell=bash
# Arms and lifts a redirect's flows; sent by redirect-guard.ts, after tap-queue.sh, whose function it calls. Its input is words with a
# mark each, and the answer to each is the state and the mark.
#
# Keeps some flows in from the word `arm:HOLD` on, for as long as it is spoken to and no longer than HOLD before the word `arrived`. From
# then on what waits for a guest that is still paused is too old to be delivered, and is dropped until the guest runs. The flows have a
# hard timeout, so that they also go when this shell is killed. A line is read in as many parts as it takes: `read` may give up in the
# middle of it. Times in hundredths of a second since boot: the wall clock may be set.
trap '' PIPE
bridge=$1
flows=$2   # a line each: add FLOW
domain=$3  # whose guest it is
tap=$4     # where frames may wait; empty: there is none here
silence=$5 # who has not been heard for so long is gone
renew=$6   # below the flows' hard timeout
last=$7    # so long it stays when nobody speaks to it any more
look=$8    # how often it looks around while the flows stand; in seconds
shift 8
ofctl=("$@")
state=idle hold=0 arrived='' gone='' line='' interval=60
clock() { read -r now _ </proc/uptime; now=${now/./}; }
add() { ovs-ofctl "${ofctl[@]}" --bundle add-flows "$bridge" - <<<"$flows" && added=$now; }
remove() {
  sed 's/^add/delete_strict/; s/ actions=.*//; s/hard_timeout=[0-9]*,*//; s/cookie=\([^,]*\)/cookie=\1\/-1/' <<<"$flows" |
    ovs-ofctl "${ofctl[@]}" --bundle add-flows "$bridge" -
}
rest() { if [ $state = armed ]; then remove; fi; state=idle interval=60; }
lift() { remove; state=lifted; if [ -n "$arrived" ]; then rest; fi; }
paused() { [ -n "$tap" ] && [[ $(virsh -q -c qemu:///system domstate --domain "$domain" </dev/null) == paused* ]]; }
while :; do
  if [ -n "$gone" ]; then sleep 0.2; got=142; else IFS= read -r -t "$interval" part; got=$? line+=$part; fi
  clock
  if [ $got -eq 0 ]; then
    heard=$now
    read -r word mark <<<"$line"
    line=
    case $word in
      arm:*) hold=${word#arm:}; if add; then state=armed since=$now interval=$look; clock; heard=$now; fi ;;
      arrived) arrived=yes ;;
      disarm) rest ;;
      drop) rest; if paused; then drop_waiting "$tap"; fi ;;
    esac
    echo "$state $mark"
  elif [ $got -le 128 ]; then
    gone=$now
    if [ $state = armed ]; then lift; fi
  fi
  if [ $state = armed ]; then
    if [ $((now - heard)) -gt "$silence" ]; then lift
    elif [ $((now - added)) -ge "$renew" ]; then add; fi
  fi
  if [ $state = armed ] || [ $state = lifted ] && [ -z "$arrived" ] && [ $((now - since)) -ge "$hold" ]; then
    if [ $state = armed ]; then remove; fi
    state=lapsed swept=0
  fi
  if [ $state = lapsed ] && [ $((now - swept)) -ge 100 ]; then
    swept=$now
    if [ -z "$arrived" ] && paused; then drop_waiting "$tap"; else rest; fi
  fi
  if [ -n "$gone" ] && { [ $state = idle ] || [ $((now - gone)) -gt "$last" ]; }; then exit; fi
done
