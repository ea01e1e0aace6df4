/**
 * Where libvirtd listens, or virtproxyd in its name; and virtqemud, where that is all there is
 * (libvirt.org/daemons.html).
 */
export const LIBVIRT_SOCKETS = ['/run/libvirt/libvirt-sock', '/run/libvirt/virtqemud-sock'] as const;
