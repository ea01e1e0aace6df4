# shellcheck shell=sh
# What QEMU's NFS driver does not tell of a directory on a server, or only in its own way.

# Free bytes there, for who writes as root; empty where nobody can tell: libnfs-utils need not be installed.
nfs_room() {
  timeout 20 nfs-ls -s "$1" 2>/dev/null | sed -n 's/^ *\([0-9][0-9]*\) of *[0-9][0-9]* bytes free\.$/\1/p' | tail -n 1
}
# A file without a byte in it; a raw image of any other length has at least a block.
nfs_empty() {
  timeout 20 qemu-img info -U -f raw --output=json -- "$1" 2>/dev/null | grep -q '^    "virtual-size": *0,'
}
