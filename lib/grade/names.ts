import type { Topology } from '../model/topology.js';
import { aboutValue, type Complaint } from '../topology/complaint.js';
import { suggestion } from '../topology/suggest.js';
import type { Fact } from './sight.js';

/** What a name in a check must be one of. */
type Role = 'host' | 'VM' | 'network' | 'host or VM';

function namesOf(topology: Topology, role: Role): readonly string[] {
  const hosts = topology.hosts.map(({ name }) => name);
  const vms = topology.vms.map(({ name }) => name);
  if (role === 'host') return hosts;
  if (role === 'VM') return vms;
  return role === 'network' ? topology.networks.map(({ name }) => name) : [...hosts, ...vms];
}

/** One name or a list of them, as a rubric may write it; undefined where the schema refused it. */
type Named = string | readonly (string | undefined)[] | undefined;

export function listOf(named: Named): readonly string[] {
  if (named === undefined) return [];
  return typeof named === 'string' ? [named] : named.filter((name) => name !== undefined);
}

/**
 * Names that the reference does not have; without a reference nobody knows.
 * @param named by the check's key
 */
export function nameComplaints<Key extends string>(
  reference: Topology | null,
  wanted: { readonly [key in NoInfer<Key>]?: Named },
  roles: Readonly<Record<Key, Role>>,
): Complaint[] {
  if (reference === null) return [];
  return (Object.keys(roles) as Key[]).flatMap((key) => {
    const known = namesOf(reference, roles[key]);
    const named: Named = wanted[key];
    return listOf(named).flatMap((name, index) => {
      if (known.includes(name)) return [];
      const path = typeof named === 'string' ? [key] : [key, index];
      return [aboutValue(path, `the reference has no ${roles[key]} ${name}`, suggestion(name, known))];
    });
  });
}

/** Names that the student's topology lacks, each as a fact that holds neither for a check nor for its negation. */
export function missing<Key extends string>(
  submission: Topology,
  wanted: { readonly [key in NoInfer<Key>]?: Named },
  roles: Readonly<Record<Key, Role>>,
): Fact[] {
  return (Object.keys(roles) as Key[]).flatMap((key) =>
    listOf(wanted[key])
      .filter((name) => !namesOf(submission, roles[key]).includes(name))
      .map((name) => ({
        what: `${roles[key]} ${name}`,
        holds: null,
        expected: 'it is in the topology',
        seen: 'it is not there',
      })),
  );
}

/**
 * The hosts that a check asks: those that it names, or all of the reference, so that to leave a host out fixes nothing
 * there.
 * @returns those of them that the student's topology has, and a fact for each that it lacks
 */
export function hostsToAsk(
  on: Named,
  { submission, reference }: { readonly submission: Topology; readonly reference: Topology | null },
): { readonly hosts: readonly string[]; readonly lacking: readonly Fact[] } {
  const asked = on === undefined ? namesOf(reference ?? submission, 'host') : listOf(on);
  const there = namesOf(submission, 'host');
  const lacking = missing(submission, { on: asked }, { on: 'host' });
  return { hosts: asked.filter((host) => there.includes(host)), lacking };
}
