import type { Remarks } from '../remarks.js';
import type { XenKeys } from './keys.js';

type Reason = readonly [why: string, hint: string];

const XEN_ONLY: Reason = ['it is Xen’s own, and KVM has nothing that it could mean', 'Nothing to do.'];
const PLACED: Reason = [
  'it ties the VM to parts of one host, and the VM shall move',
  'Where it matters, write `<vcpu cpuset=…>` or `<cputune>` into the definition (libvirt.org/formatdomain).',
];
const SHARES: Reason = [
  'Xen’s scheduler has other shares than the kernel',
  'Write `<cputune><shares>` or `<quota>` into the definition.',
];
const PASSED: Reason = [
  'a device of the host does not move with the VM',
  'Give the guest a virtual device in its place; by `virsh attach-device` it can have one while it stays on a host.',
];
const TOOLSTACK: Reason = [
  'libvirt runs QEMU itself',
  'Nothing to do; what the guest shall see of QEMU is in the definition.',
];
const SHARED: Reason = [
  'QEMU cannot move a VM while a directory of the host is mounted in it',
  'Share the directory over the network (NFS).',
];
const OWN_DEVICE: Reason = [
  'it is a paravirtual device of Xen’s that KVM does not have',
  'Choose the virtio device that does the same in the definition.',
];
const WINDOW: Reason = ['no window is opened on the host', 'The definition has a VNC display: `virt-viewer` shows it.'];

const BY_KEY: readonly (readonly [pattern: RegExp, reason: Reason])[] = [
  [/^(cpus|cpus_soft|nodes|pool|vcpus_avail|vnuma|affinity)$/, PLACED],
  [/^(cpu_weight|cap|cpu|period|slice|latency|extratime|weight|budget)$/, SHARES],
  [/^(pci\w*|gfx_passthru|rdm\w*|irqs?|ioports?|iomem|dtdev|usbdev|usb_host\w*|vfio\w*|hidden)$/, PASSED],
  [/^(device_model\w*|stubdomain\w*|xen_platform_pci|qemu_\w+|dm_\w+)$/, TOOLSTACK],
  [/^p9$/, SHARED],
  [/^(vtpm|vdispl|vsnd|vkb|pvcalls|vfb2?|channel|usbctrl|vscsi|virtio)$/, OWN_DEVICE],
  [/^(sdl|opengl|fullscreen|full_screen|display|xauthority|vncconsole|vncviewer|vnc_autopass)$/, WINDOW],
  [
    /^(cpuid|cpuid_check|featureset)$/,
    [
      'Xen names single bits of CPUID; libvirt names models and features',
      'Name what the guest needs as `<feature policy=…>` within `<cpu>`; the same on each host that it shall move to.',
    ],
  ],
  [
    /^(bootloader\w*|bootargs)$/,
    [
      'Xen’s boot loaders read the guest’s kernel out of its disk; with KVM the disk is booted',
      'Install a boot loader in the disk (GRUB, on a disk with a partition table), or take the kernel out of it ' +
        'and write `<kernel>`, `<initrd>`, `<cmdline>` into `<os>`.',
    ],
  ],
  [
    /^(acpi_firmware|smbios_firmware|firmware_override|bios_path_override)$/,
    ['tables and firmware of Xen’s are not QEMU’s', 'Name QEMU’s by `<loader>` or `<sysinfo>` in the definition.'],
  ],
  [/^(keymap|vnclisten|vncpasswd|spice\w*)$/, ['there is no display for it', 'Nothing to do.']],
  [/^(seclabel|init_seclabel)$/, ['it is a label of Xen’s', 'libvirt gives QEMU labels itself (`<seclabel>`).']],
  [
    /^(autoballoon|claim_mode|shadow_memory|hap|oos|timer_mode|tsc_mode|e820_host|nomigrate|altp2m|altp2mhvm)$/,
    XEN_ONLY,
  ],
  [/^(max_grant\w*|max_maptrack\w*|max_event_channels|event_channels|passthrough|vmtrace\w*|driver_domain)$/, XEN_ONLY],
  [
    /^(suppress_spurious_page_faults|disable_migrate|vcpu_avail|hvm|pvh|pvshim\w*|mca_caps|vuart|gic_version)$/,
    XEN_ONLY,
  ],
  [/^(features|blkif|netif|tpmif|machine_address_size|superpages|memory_sharing|hap_1\w*|nx|pae|apic)$/, XEN_ONLY],
  [/^(nestedhvm)$/, XEN_ONLY],
  [
    /^(ip|netmask|gateway|hostname|nfs_server|nfs_root|dhcp|interface)$/,
    [
      'xm has put it on the kernel’s command line',
      'Give the guest its addresses itself, or write them into `<cmdline>`.',
    ],
  ],
];

/** Whatever is left of a configuration is named, each thing with its reason. */
export function tellUnsupported(keys: XenKeys, remarks: Remarks): void {
  for (const [key, origin] of keys.rest()) {
    const reason = BY_KEY.find(([pattern]) => pattern.test(key))?.[1];
    // A variable of the script's own is in the keys that it has gone into.
    if (reason === undefined && keys.isUsed(key)) continue;
    remarks.lost(origin, ...(reason ?? UNKNOWN));
  }
}

const UNKNOWN: Reason = [
  'vxmig does not know this key',
  'Look it up in xl.cfg(5), and say by hand what the definition shall have of it.',
];
