import { formatBytes, formatCount, formatMs } from '../model/quantities.js';
import { paint, type Style } from './style.js';
import { columnsText } from './table.js';

/** What of a lab's status is printed. */
export interface LabStatusFigures {
  readonly name: string;
  readonly phase: string;
  readonly management: { readonly cidr: string };
  readonly limits: { readonly filesBytes: number; readonly logBytes: number; readonly processes: number | null };
  readonly router: MachineFigures;
  readonly storageServers: readonly ServingFigures[];
  readonly hosts: readonly (ServingFigures & { readonly managementAddress: string })[];
  readonly warnings: readonly { readonly message: string; readonly hint: string }[];
  readonly healthy: boolean;
}

interface MachineFigures {
  readonly name: string;
  readonly alive: boolean;
  readonly pid: number | null;
  readonly uptimeMs: number | null;
}

interface ServingFigures extends MachineFigures {
  readonly addresses: readonly string[];
  readonly daemons: readonly { readonly name: string; readonly answers: boolean; readonly detail: string }[];
}

/** A lab's machines in a table, what does not answer below it; no newline at the end. */
export function labStatusText(status: LabStatusFigures, style: Style): string {
  const machines = [
    ...status.hosts,
    ...status.storageServers.map((server) => ({ ...server, managementAddress: '-' })),
    { ...status.router, managementAddress: '-', addresses: [], daemons: [] },
  ];
  const rows = machines.map((machine) => [
    machine.name,
    paint(style, machine.alive ? 'good' : 'bad', machine.alive ? 'up' : 'down'),
    machine.pid === null ? '-' : String(machine.pid),
    machine.uptimeMs === null ? '-' : formatMs(machine.uptimeMs),
    machine.managementAddress,
    machine.addresses.join(' ') || '-',
    machine.daemons.length === 0
      ? '-'
      : `${machine.daemons.filter(({ answers }) => answers).length} of ${machine.daemons.length} answer`,
  ]);
  const titles = ['MACHINE', 'STATE', 'PID', 'UPTIME', 'MANAGEMENT', 'UNDERLAY', 'DAEMONS'];
  const mute = [...status.hosts, ...status.storageServers].flatMap((host) =>
    host.daemons
      .filter(({ answers }) => !answers)
      .map(({ name, detail }) => `${paint(style, 'bad', `${host.name}: ${name} does not answer:`)} ${detail}`),
  );
  return [
    `${paint(style, 'heading', status.name)}: ${status.phase}, ${status.healthy ? 'healthy' : 'not healthy'}, ` +
      `reached over ${status.management.cidr}`,
    columnsText(
      titles.map((title) => ({ title })),
      rows,
      style,
    ),
    limitsText(status.limits),
    ...mute,
    ...status.warnings.map(({ message, hint }) => `${paint(style, 'warning', 'warning:')} ${message} ${hint}`),
  ].join('\n');
}

function limitsText({ filesBytes, logBytes, processes }: LabStatusFigures['limits']): string {
  const most = `${formatBytes(filesBytes)} of files and ${formatBytes(logBytes)} of logs, both in memory`;
  return (
    `Each machine may have ${most}, and ` +
    `${processes === null ? 'any number of processes' : `${processes} processes`}.`
  );
}

export interface LabListing {
  readonly name: string;
  readonly phase: string;
  readonly createdAt: string | null;
  readonly hosts: readonly string[];
  readonly management: string | null;
}

export function labListText(labs: readonly LabListing[], style: Style): string {
  const titles = ['LAB', 'PHASE', 'HOSTS', 'MANAGEMENT', 'SINCE'];
  const rows = labs.map(({ name, phase, createdAt, hosts, management }) => [
    name,
    phase,
    hosts.length === 0 ? '-' : `${formatCount(hosts.length, 'host')}: ${hosts.join(' ')}`,
    management ?? '-',
    createdAt ?? '-',
  ]);
  return columnsText(
    titles.map((title) => ({ title })),
    rows,
    style,
  );
}
