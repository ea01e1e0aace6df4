# shellcheck shell=sh
# For shells: `image_format PATH` prints raw or qcow2, or fails with the reason why the image is not taken.
#
# A guest can write what it likes to the beginning of its raw disk, and whoever then takes that for a qcow2 reads the
# file that it names as what lies below (QEMU's manual, "Security": probing). So no image is taken that names another
# file, and QEMU is always told the format that was found here. Reads the header and nothing else.
image_format() {
  # Of qcow2 (its specification comes with QEMU): magic, version, backing file's offset and size, cluster bits, size of
  # the disk, encryption; from version 3 on, at byte 72, features of which bit 2 says that the data lie elsewhere.
  header=$(od -A n -v -t x1 -N 80 -- "$1" | tr -d ' \n')
  case $header in
    514649fb*) ;;
    1f8b*|fd377a585a*|28b52ffd*|425a68*|504b0304*) echo 'it is compressed: unpack it'; return 1 ;;
    4b444d56*|434f5744*|23204469736b2044*) echo 'it is a VMDK'; return 1 ;;
    7668647866696c65*|636f6e6563746978*) echo 'it is a VHD'; return 1 ;;
    3c3c3c20*) echo 'it is a VDI'; return 1 ;;
    4c554b53babe*) echo 'it is encrypted (LUKS)'; return 1 ;;
    '') echo 'it is empty'; return 1 ;;
    *) echo raw; return ;;
  esac
  part() { printf '%s' "$header" | cut -c "$(($1 * 2 + 1))-$((($1 + $2) * 2))"; }
  version=$(part 4 4)
  case $version in
    00000002) features=0 ;;
    00000003) features=$((0x$(part 79 1))) ;;
    *) echo 'it is a qcow of a version that is not known'; return 1 ;;
  esac
  if [ "$(part 8 8)" != 0000000000000000 ]; then
    echo 'it lies on another image (backing file)'
    return 1
  fi
  if [ $((features & 4)) -ne 0 ]; then echo 'its data lie in another file (data_file)'; return 1; fi
  if [ "$(part 32 4)" != 00000000 ]; then echo 'it is encrypted'; return 1; fi
  echo qcow2
}
