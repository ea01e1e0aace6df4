import t from 'tap';
import { withVmHost } from '../../../lib/topology/edit.js';
import { parseTopology } from '../../../lib/topology/read.js';
import { SAMPLE } from './sample.js';

const edit = (source: string, vm: string, host: string) => withVmHost(source, 'x.yaml', { vm, host });

t.test('only the value changes', async (t) => {
  const source = SAMPLE.replace('host: host-a', 'host:   host-a   # change me');
  t.equal(edit(source, 'web', 'host-b'), source.replace('host:   host-a ', 'host:   host-b '));
  t.equal(edit(source, 'db', 'host-b'), source);
});

t.test('byte order mark, CRLF, quotes, flow style and a missing last newline stay', async (t) => {
  const flow =
    `${SAMPLE.slice(0, SAMPLE.indexOf('vms:'))}vms: {web: {host: 'host-a', image: micro, nics: [{network: blue, ` +
    'mac: "52:54:00:09:00:01"}]}}';
  const source = `\uFEFF${flow.replaceAll('\n', '\r\n')}`;
  const edited = edit(source, 'web', 'host-b');
  t.equal(edited, source.replace("'host-a'", "'host-b'"));
  t.equal(parseTopology(edited, 'test.yaml').vms[0]?.host, 'host-b');
});

t.test('a host whose plain name is no text to YAML is quoted', async (t) => {
  const source = SAMPLE.replaceAll('host-b', '"null"');
  t.match(edit(source, 'web', 'null'), '    host: "null"\n    image: micro\n    nics: [{network: blue');
});

t.test('an alias is replaced, an anchor that others use is not', async (t) => {
  const source = SAMPLE.replace('host: host-a', 'host: &where host-a').replace('host: host-b', 'host: *where');
  t.equal(edit(source, 'db', 'host-b'), source.replace('*where', 'host-b'));
  t.throws(() => edit(source, 'web', 'host-b'), {
    code: 'TOPOLOGY_INVALID',
    message:
      /^x\.yaml:\d+:\d+: --write cannot change the file: `host` of VM web has an anchor .*\(write the host's name/,
    where: /^x\.yaml:\d+:\d+$/,
  });
});

t.test('an anchor that nothing refers to stays', async (t) => {
  const source = SAMPLE.replace('host: host-a', 'host: &where host-a');
  t.equal(edit(source, 'web', 'host-b'), source.replace('&where host-a', '&where host-b'));
});

t.test('what cannot be changed is told with its place and how to write it', async (t) => {
  const whole = `${SAMPLE.slice(0, SAMPLE.indexOf('vms:'))}vms: {web: &web {host: host-a, image: micro}, db: *web}\n`;
  t.throws(() => edit(whole, 'db', 'host-b'), { message: /:\d+:\d+: .* no `host:` of its own.*\(write the VM out/ });
  const folded = SAMPLE.replace('host: host-a', 'host: >-\n      host-a');
  t.throws(() => edit(folded, 'web', 'host-b'), { message: /:\d+:\d+: .* several lines.*\(write it on the same line/ });
});

t.test('unknown VM or host', async (t) => {
  t.throws(() => edit(SAMPLE, 'wbe', 'host-b'), { code: 'NOT_FOUND' });
  t.throws(() => edit(SAMPLE, 'constructor', 'host-b'), { code: 'NOT_FOUND' });
  t.throws(() => edit(SAMPLE, 'web', 'host-z'), { code: 'NOT_FOUND' });
});
