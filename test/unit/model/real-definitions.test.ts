import t from 'tap';
import { DomainDefinition } from '../../../lib/model/domain-definition.js';
import { elementText } from '../../../lib/model/xml-element.js';
import { adoptNics } from '../../../lib/plan/adopt-domain.js';
import { REAL_DEFINITIONS } from './real-definitions.js';

t.test('definitions of all sorts are read, and written as they were', async (t) => {
  for (const { what, xml, nics, disks } of REAL_DEFINITIONS) {
    const definition = DomainDefinition.parse(xml);
    const seen = definition.interfaces.map(
      ({ type, mac, model, source }) => `${type} ${mac} ${model ?? '-'}${source === null ? '' : ` ${source}`}`,
    );
    t.strictSame(seen, nics, what);
    t.strictSame(
      definition.disks.map(({ target, type }) => `${target} ${type}`),
      disks,
      what,
    );
    const written = definition.toString();
    t.equal(DomainDefinition.parse(written).toString(), written, what);
    t.strictSame(nodesOf(written), nodesOf(xml), `${what}: nothing is lost`);
  }
});

/** What a text holds, but for how it is quoted and where it has blanks. */
function nodesOf(xml: string): string[] {
  const plain = xml.replaceAll(/(?<==\s*)'([^'<>]*)'/g, '"$1"').replaceAll(/\s*=\s*"/g, '="');
  return (plain.match(/<!--.*?-->|<!\[CDATA\[.*?\]\]>|<[^>]+>/gs) ?? []).map((one) =>
    one
      .replaceAll(/\s*\/?>$/g, '>')
      .replaceAll('&#39;', "'")
      .replaceAll('&#x4e2d;', '中')
      .trim(),
  );
}

t.test('of all of them a NIC is connected, or refused; nothing else changes', async (t) => {
  const refused: string[] = [];
  for (const { what, xml } of REAL_DEFINITIONS) {
    const definition = DomainDefinition.parse(xml);
    for (const { mac, type, element } of definition.interfaces.filter((nic) => nic.mac !== '')) {
      const nic = { mac, device: 'tap-web-abcde', mtu: 1450 };
      let updates: ReturnType<typeof adoptNics>['updates'];
      try {
        ({ updates } = adoptNics({ host: 'host-a', domain: 'x' }, definition, [nic], null));
      } catch {
        refused.push(type);
        continue;
      }
      const [update] = updates;
      const after = definition.withInterface(mac, update?.xml ?? '');
      t.match(after.interface(mac), { type: 'ethernet', device: 'tap-web-abcde' }, what);
      const back = after.withInterface(mac, elementText(element));
      t.equal(compact(back), compact(definition), `${what}: the rest is as it was`);
      t.strictSame(adoptNics({ host: 'host-a', domain: 'x' }, after, [nic], null).updates, []);
    }
  }
  t.strictSame(refused, ['hostdev', 'vhostuser', 'vdpa']);
});

function compact(definition: DomainDefinition): string {
  return elementText(definition.root);
}
