import t from 'tap';
import { GRAPH_FORMATS, renderGraph } from '../../../lib/report/graph.js';
import { colourOf, tunnelsOf } from '../../../lib/report/graph-parts.js';
import { parseTopology } from '../../../lib/topology/read.js';
import { SAMPLE } from '../topology/sample.js';

const FULL = parseTopology(
  SAMPLE.replace('networks:', '  host-c: {underlay: right, address: 198.18.2.11}\nnetworks:').replace(
    'green: {',
    'green: {mesh: {hub: host-b}, ',
  ),
  'test.yaml',
);

t.test('a full mesh joins every pair, a hub only its own', async (t) => {
  t.same(
    tunnelsOf(FULL).map(({ network, left, right }) => `${network.name} ${left.name} ${right.name}`),
    ['blue host-a host-b', 'blue host-a host-c', 'blue host-b host-c', 'green host-a host-b', 'green host-b host-c'],
  );
});

t.test('networks named after a colour have it, and others have another', async (t) => {
  const networks = ['tenant', 'blue', 'other', 'constructor'].map((name) => ({ ...FULL.networks[0], name }));
  const topology = { ...FULL, networks } as typeof FULL;
  const colours = networks.map(({ name }) => colourOf(topology, name));
  t.equal(colours[1], '#0072b2');
  t.equal(new Set(colours).size, 4);
});

t.test('each format names everything there is', async (t) => {
  for (const format of GRAPH_FORMATS) {
    const text = renderGraph(FULL, format);
    for (const name of [
      'left',
      'right',
      'host-a',
      'host-b',
      'host-c',
      '198.18.2.11',
      'blue',
      'green',
      'web',
      'db',
      'router',
      '5002',
    ]) {
      t.ok(text.includes(name), `${format}: ${name}`);
    }
    t.equal(renderGraph(FULL, format), text);
  }
});

t.test('SVG: well-formed, within its frame, one arc for each tunnel, nothing from elsewhere', async (t) => {
  const svg = renderGraph(FULL, 'svg');
  t.same(unbalancedTags(svg), []);
  t.notMatch(svg, /NaN|undefined|Infinity/);
  t.same(svg.match(/(href|src|url\()/g), null);
  t.equal(svg.match(/stroke-opacity/g)?.length, tunnelsOf(FULL).length);
  const frame = /viewBox="0 0 (\d+) (\d+)"/.exec(svg);
  for (const box of svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g)) {
    t.ok(
      Number(box[1]) + Number(box[3]) <= Number(frame?.[1]) && Number(box[2]) + Number(box[4]) <= Number(frame?.[2]),
      box[0],
    );
  }
});

t.test('SVG: a topology of hosts alone, in one segment', async (t) => {
  const text =
    'version: 1\nname: bare\nunderlay: {l: {cidr: 10.0.0.0/24}}\n' + 'hosts: {h: {underlay: l, address: 10.0.0.2}}\n';
  const svg = renderGraph(parseTopology(text, 'test.yaml'), 'svg');
  t.same(unbalancedTags(svg), []);
  t.notMatch(svg, /NaN|Infinity|router/);
});

t.test('Mermaid: ids of names with dashes do not meet, and no line leads from a subgraph into itself', async (t) => {
  const text = SAMPLE.replaceAll('host-a', 'a')
    .replaceAll('host-b', 'a--b')
    .replace('from: a--b', 'from: a')
    .replaceAll('blue', 'b--c')
    .replaceAll('green', 'c');
  const mermaid = renderGraph(parseTopology(text, 'test.yaml'), 'mermaid');
  const ids = [...mermaid.matchAll(/^ +(?:subgraph )?(\w+) ?[[(]/gm)].map((match) => match[1]);
  t.equal(new Set(ids).size, ids.length);
  t.match(mermaid, 'bridge_b__c_ON_a -.->|ping every 10 ms| vm_web');
});

/** Tags that are opened and not closed, or the other way round. */
function unbalancedTags(xml: string): readonly string[] {
  const open: string[] = [];
  for (const [, closing, name, , selfClosing] of xml.matchAll(/<(\/?)([a-z]+)([^>]*?)(\/?)>/g)) {
    if (selfClosing === '/' || name === undefined) continue;
    if (closing !== '/') open.push(name);
    else if (open.at(-1) === name) open.pop();
    else return [...open, name];
  }
  return open;
}
