/**
 * A figure that the kernel prints in kB, as in proc_meminfo(5) and proc_pid_status(5): `MemAvailable:  123 kB`. Null
 * where it is not there.
 */
export function procBytes(text: string, name: 'MemAvailable' | 'VmHWM'): number | null {
  const kilobytes = new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(text)?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}
