# shellcheck shell=sh
# What this host sees of images: volume-sight.sh PLACE…, each a path or a URI as qemu-img takes it. Only reads.
export LC_ALL=C
for place in "$@"; do
  echo '=== volume'
  case $place in
    /*)
      directory=${place%/*}
      if [ -e "$place.vxmig" ]; then printf 'mark=%s\n' "$(head -c 4096 -- "$place.vxmig" | tr '\n' ' ')"; fi
      # The nearest directory that is there: where it is to be made.
      while [ ! -d "$directory" ]; do directory=${directory%/*}; [ -n "$directory" ] || directory=/; done
      printf 'free=%s\n' "$(df --output=avail --block-size=1 -- "$directory" | tail -n 1 | tr -d ' ')"
      if [ ! -e "$place" ]; then echo 'absent='; continue; fi ;;
  esac
  # -U: whoever has it open, nothing is locked.
  if info=$(timeout 20 qemu-img info -U --output=json -- "$place" 2>&1); then
    printf 'info=%s\n' "$(printf '%s' "$info" | tr '\n' ' ')"
  else
    printf 'silence=%s\n' "$(printf '%s\n' "$info" | tail -n 1)"
  fi
done
echo '=== end'
