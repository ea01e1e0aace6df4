import type { DomainDefinition } from '../model/domain-definition.js';
import type { LocalRequest } from '../model/local-offer.js';
import { attribute, children } from '../model/xml-element.js';
import { firmwareFile, variableStore } from './firmware-variables.js';
import { otherNics, VHOST, wantsVhost } from './other-nics.js';

/** What a host is to be asked for before a domain comes to it. @param macs of its NICs that the topology names */
export function localRequest(definition: DomainDefinition, macs: readonly string[]): LocalRequest {
  const nics = otherNics(definition, macs);
  const networks = nics.flatMap(({ network }) => network ?? []);
  const scripts = nics.flatMap(({ element }) => children(element, 'script')).map((one) => attribute(one, 'path'));
  const store = variableStore(definition);
  const vhost = wantsVhost(definition) ? [VHOST] : [];
  const firmware = [firmwareFile(definition), store?.path ?? null, store?.template ?? null];
  const paths = [...scripts, ...firmware, ...vhost];
  return {
    networks: [...new Set(networks)],
    paths: [...new Set(paths.flatMap((path) => (path === null || path === '' ? [] : [path])))],
  };
}
