# shellcheck shell=sh
# What this host sees of images: volume-sight.sh [FORMAT PLACE]…, each a path or a URI as qemu-img takes it. FORMAT
# empty: it is found out; a guest can make its raw disk look like another format. Only reads. Behind nfs-look.sh.
export LC_ALL=C
said_of_nfs=
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
while [ "$#" -ge 2 ]; do
  format=$1 place=$2
  shift 2
  echo '=== volume'
  case $place in
    /*)
      directory=${place%/*}
      # QEMU's NFS driver has filled up a block of it.
      if [ -e "$place.vxmig" ]; then printf 'mark=%s\n' "$(head -c 4096 -- "$place.vxmig" | tr -d '\0' | tr '\n' ' ')"; fi
      # The nearest directory that is there: where it is to be made.
      while [ ! -d "$directory" ]; do directory=${directory%/*}; [ -n "$directory" ] || directory=/; done
      printf 'free=%s\n' "$(df --output=avail --block-size=1 -- "$directory" | tail -n 1 | tr -d ' ')"
      if [ ! -e "$place" ]; then echo 'absent='; continue; fi ;;
    nfs://*)
      # Modules of QEMU's are packages of their own, and its help names them all the same.
      [ -n "$said_of_nfs" ] || said_of_nfs=$(timeout 20 qemu-img info --image-opts driver=nfs 2>&1 || true)
      case $said_of_nfs in
        *"Unknown driver 'nfs'"*) echo 'undriven=nfs'; continue ;;
      esac
      printf 'free=%s\n' "$(nfs_room "${place%/*}")"
      mark=
      if timeout 20 qemu-img convert -q -f raw -O raw -- "$place.vxmig" "$work/mark" 2>/dev/null; then
        mark=$(head -c 4096 -- "$work/mark" | tr -d '\0' | tr '\n' ' ')
        printf 'mark=%s\n' "$mark"
      fi
      # The directory that is not there is something else: "Failed to mount".
      case $(timeout 20 qemu-img info -U -f raw -- "$place" 2>&1 || true) in
        *'Failed to open file'*NFS3ERR_NOENT*) echo 'absent='; continue ;;
      esac
      case $mark in '{"making":'*)
        # An attempt that failed has left it empty, so that nothing of it is in the way.
        if nfs_empty "$place"; then echo 'absent='; else echo 'half='; fi
        continue ;;
      esac ;;
  esac
  # -U: whoever has it open, nothing is locked.
  if info=$(timeout 20 qemu-img info -U ${format:+-f "$format"} --output=json -- "$place" 2>&1); then
    printf 'info=%s\n' "$(printf '%s' "$info" | tr '\n' ' ')"
  else
    printf 'silence=%s\n' "$(printf '%s\n' "$info" | tail -n 1)"
  fi
done
echo '=== end'
