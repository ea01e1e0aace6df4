import type { Problem } from '../model/problem.js';
import type { Complaint } from './complaint.js';
import { placeOfPath } from './places.js';
import type { YamlSource } from './yaml-source.js';

/** The complaints with the places of what they are about. */
export function placed(complaints: readonly Complaint[], source: YamlSource, file: string): readonly Problem[] {
  return complaints.map(({ path, at, message, fix }) => {
    const place = placeOfPath(source.document, source.lines, path, at);
    return { file, ...place, message, fix };
  });
}
