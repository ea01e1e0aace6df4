# shellcheck shell=sh
# Writes a file of a name that nobody knows beforehand into each directory; it holds what nobody can guess, and nothing secret.
# Where root may not write there (NFS's root_squash), the image's owner does. They go when this shell's input ends, however that comes
# about.
name=$1 content=$2; shift 2
umask 022
remove() {
  n=0
  for entry; do
    n=$((n + 1)) directory=${entry#* } ids=${entry%% *}
    rm -f -- "$directory/$name.$n" 2>/dev/null || setpriv --reuid="${ids%:*}" --regid="${ids#*:}" --clear-groups rm -f -- "$directory/$name.$n"
  done
}
trap 'remove "$@"' EXIT
trap 'exit 1' HUP INT TERM PIPE
n=0
for entry; do
  n=$((n + 1)) directory=${entry#* } ids=${entry%% *}
  # shellcheck disable=SC2016 # for the shell that it is given to
  put='set -C; printf "%s\n" "$1" >"$2"'
  if sh -c "$put" sh "$content" "$directory/$name.$n" || setpriv --reuid="${ids%:*}" --regid="${ids#*:}" --clear-groups sh -c "$put" sh "$content" "$directory/$name.$n"
  then echo written; else echo unwritten; fi
done 2>/dev/null
echo ready
while read -r _; do :; done
