import t from 'tap';
import { withVmHost } from '../../../lib/topology/edit.js';
import { parseTopology } from '../../../lib/topology/read.js';
import { SAMPLE } from './sample.js';

t.test('only the value changes', async (t) => {
  const source = SAMPLE.replace('host: host-a', 'host:   host-a   # change me');
  t.equal(withVmHost(source, 'web', 'host-b'), source.replace('host:   host-a ', 'host:   host-b '));
  t.equal(withVmHost(source, 'db', 'host-b'), source);
});

t.test('byte order mark, CRLF, quotes, flow style and a missing last newline stay', async (t) => {
  const flow = `${SAMPLE.slice(0, SAMPLE.indexOf('vms:'))}vms: {web: {host: 'host-a', image: micro, nics: [{network: blue, mac: "52:54:00:09:00:01"}]}}`;
  const source = `\uFEFF${flow.replaceAll('\n', '\r\n')}`;
  const edited = withVmHost(source, 'web', 'host-b');
  t.equal(edited, source.replace("'host-a'", "'host-b'"));
  t.equal(parseTopology(edited, 'test.yaml').vms[0]?.host, 'host-b');
});

t.test('a host whose plain name is no text to YAML is quoted', async (t) => {
  const source = SAMPLE.replaceAll('host-b', '"null"');
  t.match(withVmHost(source, 'web', 'null'), '    host: "null"\n    image: micro\n    nics: [{network: blue');
});

t.test('an alias is replaced, an anchor that others use is not', async (t) => {
  const source = SAMPLE.replace('host: host-a', 'host: &where host-a').replace('host: host-b', 'host: *where');
  t.equal(withVmHost(source, 'db', 'host-b'), source.replace('*where', 'host-b'));
  t.throws(() => withVmHost(source, 'web', 'host-b'), { code: 'TOPOLOGY_INVALID', message: /shared/ });
});

t.test('unknown VM or host', async (t) => {
  t.throws(() => withVmHost(SAMPLE, 'wbe', 'host-b'), { code: 'NOT_FOUND' });
  t.throws(() => withVmHost(SAMPLE, 'constructor', 'host-b'), { code: 'NOT_FOUND' });
  t.throws(() => withVmHost(SAMPLE, 'web', 'host-z'), { code: 'NOT_FOUND' });
});
