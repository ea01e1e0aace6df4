import { accessDifferences } from '../../plan/access-differences.js';
import type { Scene } from '../kind.js';
import type { Fact } from '../sight.js';
import { SECTIONS, type SectionName } from '../topology-keys.js';

/** More would bury what they have in common. */
const DIFFERENCES_TOLD = 3;

/**
 * Access rules as in the reference: that is, what they let through together with all others of the file, whatever way
 * and in whichever list they are written.
 * @param seen the rules as they are written; undefined where their owner is not there
 */
export function accessFacts(
  section: SectionName,
  name: string,
  { what, seen, scene }: { readonly what: string; readonly seen: string | undefined; readonly scene: Scene },
): Fact[] {
  const { reference, submission } = scene;
  const written = reference === null ? undefined : SECTIONS[section].texts(reference).get(name)?.acl;
  if (reference === null || written === undefined) throw new Error(`no value is expected of ${what}`);
  const expected = `what passes is the same as by ${written}`;
  if (seen === undefined)
    return [{ what, holds: null, expected, seen: `there is no ${SECTIONS[section].one} ${name}` }];
  const kind = section === 'networks' ? 'network' : 'vm';
  const differences = accessDifferences([reference, submission], { kind, name });
  if (differences === null)
    return [{ what, holds: false, expected, seen: 'rules so many that they cannot be compared' }];
  if (differences.length === 0) return [{ what, holds: true, expected, seen }];
  const told = differences
    .slice(0, DIFFERENCES_TOLD)
    .map(({ frame, passes }) => `${frame} ${passes ? 'passes' : 'does not'}`);
  const more = differences.length > told.length ? `, and ${differences.length - told.length} more` : '';
  return [{ what, holds: false, expected: `${expected}, so ${told.join(', ')}${more}`, seen }];
}
