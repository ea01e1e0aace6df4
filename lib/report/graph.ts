import type { Topology } from '../model/topology.js';
import { renderDot } from './graph-dot.js';
import { renderMermaid } from './graph-mermaid.js';
import { renderSvg } from './graph-svg.js';

export const GRAPH_FORMATS = ['svg', 'mermaid', 'dot'] as const;

export type GraphFormat = (typeof GRAPH_FORMATS)[number];

/**
 * The topology as a picture: segments and router, hosts, a bridge per network on each, VMs, and the tunnels between
 * bridges.
 */
export function renderGraph(topology: Topology, format: GraphFormat): string {
  return RENDERERS[format](topology);
}

const RENDERERS: Readonly<Record<GraphFormat, (topology: Topology) => string>> = {
  svg: renderSvg,
  mermaid: renderMermaid,
  dot: renderDot,
};
