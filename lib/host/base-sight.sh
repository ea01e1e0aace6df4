# shellcheck shell=sh
# What images are there to begin with: PATH… Behind image-format.sh; only reads.
export LC_ALL=C
for place in "$@"; do
  echo '=== base'
  if [ ! -e "$place" ]; then echo 'absent='; continue; fi
  if [ ! -f "$place" ] || [ ! -r "$place" ]; then echo 'refused=it is no file that can be read'; continue; fi
  if ! format=$(image_format "$place"); then printf 'refused=%s\n' "$format"; continue; fi
  bytes=$(wc -c <"$place" | tr -d ' ')
  printf 'format=%s\nbytes=%s\n' "$format" "$bytes"
  # The disk's size is a number of 8 bytes, the highest first.
  if [ "$format" = qcow2 ]; then printf 'size=%s\n' "$((0x$(od -A n -v -t x1 -j 24 -N 8 -- "$place" | tr -d ' \n')))"
  else printf 'size=%s\n' "$bytes"; fi
done
echo '=== end'
