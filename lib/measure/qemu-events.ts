/** One event of a domain's QEMU monitor. */
export interface QemuEvent {
  /** QEMU's name: STOP, RESUME, MIGRATION, MIGRATION_PASS… */
  readonly event: string;
  readonly domain: string;
  /** When QEMU emitted it, by its host's clock: Unix time in milliseconds. */
  readonly atMs: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * The command whose lines parseQemuEvent reads. Without --timestamp: that option prints the time at which virsh got the
 * event in place of QEMU's own. Without --pretty, so that one event is one line.
 */
export function qemuEventsArgv(domain: string | null): string[] {
  return [
    'virsh',
    '-c',
    'qemu:///system',
    'qemu-monitor-event',
    '--loop',
    ...(domain === null ? [] : ['--domain', domain]),
  ];
}

const LINE = /^event (\S+) at (\d+)\.(\d{6}) for domain '(.*?)': ?(.*)$/;

/**
 * null for lines that are not events (virsh ends with "events received: 7"). Without data virsh prints `<null>`: an
 * empty record.
 */
export function parseQemuEvent(line: string): QemuEvent | null {
  const [, event, seconds, micros, domain, json = ''] = LINE.exec(line.trimEnd()) ?? [];
  if (event === undefined || domain === undefined) return null;
  return { event, domain, atMs: Number(seconds) * 1000 + Number(micros) / 1000, data: recordOf(json) };
}

function recordOf(json: string): Readonly<Record<string, unknown>> {
  if (json === '') return {};
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    return {};
  }
}
