# shellcheck shell=sh
# Of what is mounted on this host, functions to be put in front of a script.

# Identity, type and source of what is seen at a path, as the kernel escapes them.
seen() {
  awk -v path="$(printf '%s' "$1" | sed 's/\\/\\134/g; s/ /\\040/g' | sed 's/\\/\\\\/g')" \
    '$5 == path { for (i = 7; $i != "-"; i++); line = $1 " " $(i + 1) " " $(i + 2) } END { print line }' /proc/self/mountinfo
}
# The file, beside the marks in $1, that says that vxmig has made the directory $2. By its path: who has made the
# directory may go before others who need it.
maker() { printf '%s/.%s' "$1" "$(printf '%s' "$2" | cksum | tr ' ' -)"; }
# Takes away the directory $2 where the file $1 says so.
unmake() {
  if [ -e "$1" ]; then rm -f -- "$1"; rmdir -- "$2" 2>/dev/null || true; fi
}
