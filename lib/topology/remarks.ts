import { aboutKey, type Complaint } from './complaint.js';
import type { TopologyFile } from './file.js';

/**
 * Keys that have no effect as the file stands. They are allowed, so that one file serves a lab and real machines by its
 * `lab` line alone.
 */
export function remarksOn(file: TopologyFile): readonly Complaint[] {
  if (file.lab !== undefined) {
    return Object.entries(file.hosts).flatMap(([name, host]) =>
      host.ssh === undefined
        ? []
        : [
            aboutKey(
              ['hosts', name, 'ssh'],
              '`ssh` is not used in a lab',
              'lab hosts are entered directly; it counts once `lab` is gone',
            ),
          ],
    );
  }
  return Object.entries(file.underlay).flatMap(([name, segment]) =>
    (['rate', 'delay'] as const)
      .filter((key) => segment[key] !== undefined)
      .map((key) =>
        aboutKey(
          ['underlay', name, key],
          `\`${key}\` is not used on real machines`,
          'it shapes the links of a lab: add `lab: {}` for one',
        ),
      ),
  );
}
