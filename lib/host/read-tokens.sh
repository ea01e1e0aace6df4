# shellcheck shell=sh
# Prints what write-tokens.sh has written, seen from another host.
name=$1 n=0; shift
for entry; do
  n=$((n + 1)) directory=${entry#* } ids=${entry%% *}
  echo '=== token'
  head -c 200 -- "$directory/$name.$n" || setpriv --reuid="${ids%:*}" --regid="${ids#*:}" --clear-groups head -c 200 -- "$directory/$name.$n"
done 2>/dev/null
echo '=== token'
