/**
 * What QEMU is called, without its directory: by itself, by distributions (`qemu-kvm`, `kvm-spice`), and in versions of
 * somebody's own (`qemu-system-x86_64-headless`, `qemu-kvm-one`). `qemu-img` and the like are none of it.
 */
export const QEMU_NAME =
  '(?:(?:qemu-system-[a-z0-9_]+|qemu-kvm)(?:-[a-z0-9._-]+)?|(?:qemu|kvm)(?:-[0-9][0-9.]*)?|kvm-spice)';
