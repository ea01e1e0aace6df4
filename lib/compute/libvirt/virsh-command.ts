/** How libvirt is asked on a host: by its virsh, as root. */
export const VIRSH = ['virsh', '-q', '-c', 'qemu:///system'] as const;
/** For a virsh whose words are read. */
export const UNTRANSLATED = ['env', 'LC_ALL=C.UTF-8'] as const;
export const UNKNOWN_DOMAIN = /failed to get domain|[Dd]omain not found/;

export function virsh(...args: string[]): string[] {
  return [...VIRSH, ...args];
}
