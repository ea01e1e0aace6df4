import type { Change } from '../model/change.js';

export function change(
  host: string,
  kind: string,
  name: string,
  action: Change['action'],
  why: string,
  details: readonly string[] = [],
): Change {
  return { host, kind, name, action, why, ...(details.length === 0 ? {} : { details }) };
}
