# shellcheck shell=sh
# Makes a medium by which a guest is told who it is: write-seed.sh PATH DIGEST META-DATA USER-DATA NETWORK-CONFIG
# (docs.cloud-init.io, "NoCloud"). The same texts make the same bytes on every host.
set -eu
umask 022
path=$1 digest=$2
command -v xorriso >/dev/null || { echo 'xorriso is not installed' >&2; exit 1; }
mkdir -p -- "${path%/*}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/cidata"
printf '%s' "$3" >"$work/cidata/meta-data"
printf '%s' "$4" >"$work/cidata/user-data"
printf '%s' "$5" >"$work/cidata/network-config"
export SOURCE_DATE_EPOCH=946684800 TZ=UTC
touch -d "@$SOURCE_DATE_EPOCH" "$work"/cidata/* "$work/cidata"
xorriso -as mkisofs -quiet -volid cidata -joliet -rational-rock -output "$work/seed" "$work/cidata" 2>"$work/said" || {
  tail -n 1 "$work/said" >&2
  exit 1
}
# A guest that has the old one open goes on with that.
rm -f -- "$path.digest"
cp -- "$work/seed" "$path.new"
mv -- "$path.new" "$path"
printf '%s\n' "$digest" >"$path.digest"
