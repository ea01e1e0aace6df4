import type { Topology } from '../model/topology.js';
import { type Box, type BridgeBox, type Layout, layOut, textWidth, type VmBox } from './graph-layout.js';
import { colourOf, describeNetwork, describeProbe, keyOf, tunnelsOf } from './graph-parts.js';

const ROUTER = { y: 44, width: 84, height: 30 };
const ARC_STEP = 16;
const LEGEND_LINE = 20;

/** One self-contained picture: no script, no font and no style from elsewhere. */
export function renderSvg(topology: Topology): string {
  const hasRouter = topology.underlay.length > 1;
  const layout = layOut(topology, hasRouter ? 110 : 48);
  const arcs = tunnelArcs(topology, layout);
  const legend = legendLines(topology);
  const legendTop = layout.bottom + arcs.depth + 28;
  const legendWidth = Math.max(textWidth(topology.name) * 1.4, ...legend.map((line) => textWidth(line.text) + 64));
  const width = Math.ceil(Math.max(layout.width, legendWidth));
  const height = Math.ceil(legendTop + legend.length * LEGEND_LINE);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
      'font-family="Helvetica, Arial, sans-serif" font-size="12">',
    `<title>${escapeXml(`Topology ${topology.name}`)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    label(16, 26, topology.name, 'font-size="16" font-weight="bold" fill="#1c2733"'),
    ...(hasRouter ? router(layout) : []),
    ...layout.segments.flatMap((box) => [
      rectangle(box, 'rx="8" fill="#eef2f6" stroke="#c3ced9"'),
      label(box.x + 14, box.y + 24, box.segment.name, 'font-weight="bold" fill="#44525f"'),
      label(box.x + 22 + textWidth(box.segment.name), box.y + 24, box.segment.cidrs.join(', '), 'fill="#44525f"'),
    ]),
    ...layout.hosts.flatMap((box) => [
      rectangle(box, 'rx="6" fill="#ffffff" stroke="#7b8a99"'),
      label(box.x + 12, box.y + 18, box.host.name, 'font-weight="bold" fill="#1c2733"'),
      label(box.x + 12, box.y + 34, box.host.addresses.join(', '), 'font-size="11" fill="#5d6b78"'),
    ]),
    ...arcs.svg,
    ...nicLines(topology, layout),
    ...layout.vms.flatMap(vmBox),
    ...layout.bridges.flatMap((box) => bridgeBox(box, colourOf(topology, box.network.name))),
    ...legend.flatMap((line, index) => legendLine(line, legendTop + index * LEGEND_LINE)),
    '</svg>',
    '',
  ].join('\n');
}

function router(layout: Layout): readonly string[] {
  const x = layout.width / 2;
  const lines = layout.segments.map((box) => {
    const bend = `M ${round(x)} ${ROUTER.y + ROUTER.height / 2} V ${box.y - 14} H ${round(middle(box))} V ${box.y}`;
    return `<path d="${bend}" fill="none" stroke="#7b8a99" stroke-width="1.5"/>`;
  });
  const box = { x: x - ROUTER.width / 2, y: ROUTER.y, width: ROUTER.width, height: ROUTER.height };
  return [
    ...lines,
    rectangle(box, 'rx="15" fill="#44525f"'),
    label(x, ROUTER.y + 19, 'router', 'text-anchor="middle" fill="#ffffff"'),
  ];
}

/** Arcs below the hosts, the deeper the farther apart their ends are, so that each can be followed. */
function tunnelArcs(topology: Topology, layout: Layout): { readonly svg: readonly string[]; readonly depth: number } {
  let depth = 0;
  const svg = tunnelsOf(topology).flatMap(({ network, left, right }) => {
    const from = layout.bridges.find((box) => box.host === left && box.network === network);
    const to = layout.bridges.find((box) => box.host === right && box.network === network);
    if (from === undefined || to === undefined) return [];
    const steps = Math.abs(
      layout.hosts.findIndex((box) => box.host === left) - layout.hosts.findIndex((box) => box.host === right),
    );
    const drop = 36 + steps * 2 * ARC_STEP;
    depth = Math.max(depth, drop - PADDING_BELOW_HOSTS);
    const y = from.y + from.height;
    const [x1, x2] = [round(middle(from)), round(middle(to))];
    const curve = `M ${x1} ${y} C ${x1} ${y + (drop * 4) / 3}, ${x2} ${y + (drop * 4) / 3}, ${x2} ${y}`;
    const title = `${network.name}: ${left.name} – ${right.name}, ${keyOf(network)}`;
    const paint = `fill="none" stroke="${colourOf(topology, network.name)}" stroke-width="2" stroke-opacity="0.85"`;
    return [`<path d="${curve}" ${paint}><title>${escapeXml(title)}</title></path>`];
  });
  return { svg, depth };
}

/** Between a host's lower edge and its segment's. */
const PADDING_BELOW_HOSTS = 14;

function nicLines(topology: Topology, layout: Layout): readonly string[] {
  return layout.vms.flatMap((box) =>
    box.vm.nics.flatMap((nic, index) => {
      const bridge = layout.bridges.find(
        (candidate) => candidate.host.name === box.vm.host && candidate.network.name === nic.network,
      );
      if (bridge === undefined) return [];
      const x = round(box.x + (box.width * (index + 1)) / (box.vm.nics.length + 1));
      const y = box.y + box.height;
      const path =
        `M ${x} ${y} C ${x} ${y + 18}, ${round(middle(bridge))} ${bridge.y - 18}, ` +
        `${round(middle(bridge))} ${bridge.y}`;
      return [`<path d="${path}" fill="none" stroke="${colourOf(topology, nic.network)}" stroke-width="1.5"/>`];
    }),
  );
}

function vmBox(box: VmBox): readonly string[] {
  return [
    rectangle(box, 'rx="4" fill="#fff8e1" stroke="#c9a227"'),
    ...box.lines.map((line, index) =>
      label(
        middle(box),
        box.y + 15 + index * 16,
        line,
        `text-anchor="middle" fill="#1c2733"${index === 0 ? ' font-weight="bold"' : ' font-size="11"'}`,
      ),
    ),
  ];
}

function bridgeBox(box: BridgeBox, colour: string): readonly string[] {
  return [
    rectangle(box, `rx="3" fill="${colour}"`),
    label(middle(box), box.y + 17, box.network.name, 'text-anchor="middle" fill="#ffffff"'),
  ];
}

interface LegendLine {
  readonly text: string;
  /** null: a probe, which has no line in the picture. */
  readonly colour: string | null;
}

function legendLines(topology: Topology): readonly LegendLine[] {
  return [
    ...topology.networks.map((network) => ({
      text: describeNetwork(network),
      colour: colourOf(topology, network.name),
    })),
    ...topology.probes.map((probe) => ({ text: `watches: ${describeProbe(probe)}`, colour: null })),
  ];
}

function legendLine(line: LegendLine, y: number): readonly string[] {
  const paint =
    line.colour === null ? 'stroke="#7b8a99" stroke-dasharray="4 3"' : `stroke="${line.colour}" stroke-width="3"`;
  return [`<path d="M 16 ${y - 4} h 26" ${paint}/>`, label(52, y, line.text, 'fill="#44525f"')];
}

function rectangle(box: Box, paint: string): string {
  return (
    `<rect x="${round(box.x)}" y="${round(box.y)}" width="${round(box.width)}" ` +
    `height="${round(box.height)}" ${paint}/>`
  );
}

function label(x: number, y: number, text: string, paint: string): string {
  return `<text x="${round(x)}" y="${round(y)}" ${paint}>${escapeXml(text)}</text>`;
}

function middle(box: Box): number {
  return box.x + box.width / 2;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
