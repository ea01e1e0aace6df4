import type { Host, Network, Topology, UnderlaySegment, Vm } from '../model/topology.js';

/** Lengths in the SVG's own unit (px at its natural size). */
const GAP = 16;
const PADDING = 14;
const CHARACTER_WIDTH = 7.2;
const HEADER_HEIGHT = 40;
const VM_LINE_HEIGHT = 16;
const BRIDGE_HEIGHT = 26;
const VM_TO_BRIDGE = 34;

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface SegmentBox extends Box {
  readonly segment: UnderlaySegment;
}

export interface HostBox extends Box {
  readonly host: Host;
}

export interface VmBox extends Box {
  readonly vm: Vm;
  readonly lines: readonly string[];
}

export interface BridgeBox extends Box {
  readonly host: Host;
  readonly network: Network;
}

export interface Layout {
  readonly width: number;
  /** Lower edge of the segments: tunnels hang below it. */
  readonly bottom: number;
  readonly segments: readonly SegmentBox[];
  readonly hosts: readonly HostBox[];
  readonly vms: readonly VmBox[];
  readonly bridges: readonly BridgeBox[];
}

/**
 * Segments stand side by side, hosts side by side in them; in a host VMs above, bridges below, one column for each
 * network.
 */
export function layOut(topology: Topology, top: number): Layout {
  const vmHeight = PADDING + VM_LINE_HEIGHT * Math.max(0, ...topology.vms.map((vm) => vmLines(vm).length));
  const hostHeight = HEADER_HEIGHT + vmHeight + VM_TO_BRIDGE + BRIDGE_HEIGHT;
  const segmentHeight = HEADER_HEIGHT + hostHeight + PADDING;
  const bridgeWidths = topology.networks.map((network) => textWidth(network.name) + 2 * PADDING);
  const layout = {
    segments: [] as SegmentBox[],
    hosts: [] as HostBox[],
    vms: [] as VmBox[],
    bridges: [] as BridgeBox[],
  };

  let segmentX = GAP;
  for (const segment of topology.underlay) {
    const hosts = topology.hosts.filter((candidate) => candidate.underlay === segment.name);
    const inners = hosts.map((host) => innerWidth(topology, host, bridgeWidths));
    const needed = inners.reduce((sum, inner) => sum + inner + 2 * PADDING + GAP, 2 * PADDING - GAP);
    const segmentWidth = Math.max(needed, textWidth(`${segment.name} ${segment.cidrs.join(', ')}`) + 2 * PADDING);
    const stretch = (segmentWidth - needed) / Math.max(hosts.length, 1);
    let hostX = segmentX + PADDING;
    const hostY = top + HEADER_HEIGHT;
    for (const [hostIndex, host] of hosts.entries()) {
      const vms = topology.vms.filter((vm) => vm.host === host.name);
      const vmWidths = vms.map(vmWidth);
      const inner = (inners[hostIndex] ?? 0) + stretch;
      const width = inner + 2 * PADDING;
      layout.hosts.push({ host, x: hostX, y: hostY, width, height: hostHeight });
      for (const [index, x] of centred(vmWidths, hostX + PADDING, inner).entries()) {
        const vm = vms[index];
        if (vm === undefined) continue;
        const lines = vmLines(vm);
        const height = VM_LINE_HEIGHT * lines.length + PADDING / 2;
        const y = hostY + HEADER_HEIGHT + vmHeight - height;
        layout.vms.push({ vm, lines, x, y, width: vmWidths[index] ?? 0, height });
      }
      for (const [index, x] of centred(bridgeWidths, hostX + PADDING, inner).entries()) {
        const network = topology.networks[index];
        if (network === undefined) continue;
        const y = hostY + hostHeight - BRIDGE_HEIGHT;
        layout.bridges.push({ host, network, x, y, width: bridgeWidths[index] ?? 0, height: BRIDGE_HEIGHT });
      }
      hostX += width + GAP;
    }
    layout.segments.push({ segment, x: segmentX, y: top, width: segmentWidth, height: segmentHeight });
    segmentX += segmentWidth + 2 * GAP;
  }
  return { ...layout, width: segmentX - GAP, bottom: top + segmentHeight };
}

function innerWidth(topology: Topology, host: Host, bridgeWidths: readonly number[]): number {
  const vms = topology.vms.filter((vm) => vm.host === host.name);
  const header = Math.max(textWidth(host.name), textWidth(host.addresses.join(', ')));
  return Math.max(rowWidth(vms.map(vmWidth)), rowWidth(bridgeWidths), header, 96);
}

function vmWidth(vm: Vm): number {
  return Math.max(...vmLines(vm).map(textWidth)) + PADDING;
}

/** Name, then one line for each address. */
function vmLines(vm: Vm): readonly string[] {
  return [vm.name, ...vm.nics.flatMap((nic) => nic.addresses)];
}

/** Near enough for sans-serif at 12 px; no font is at hand to measure with. */
export function textWidth(text: string): number {
  return text.length * CHARACTER_WIDTH;
}

function rowWidth(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + Math.max(0, widths.length - 1) * (GAP / 2);
}

/** Left edges of a row of boxes that stands in the middle of a room. */
function centred(widths: readonly number[], left: number, room: number): readonly number[] {
  let x = left + (room - rowWidth(widths)) / 2;
  return widths.map((width) => {
    const here = x;
    x += width + GAP / 2;
    return here;
  });
}
