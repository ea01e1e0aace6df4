import type { BatchGrade } from '../model/batch-grade.js';
import type { Grade } from '../model/grade.js';
import { batchText } from './batch-text.js';
import { batchCsv, gradesCsv } from './grade-csv.js';
import { gradescopeResults } from './grade-gradescope.js';
import { gradeText } from './grade-text.js';
import { batchXml, gradeXml } from './grade-xml.js';
import type { Style } from './style.js';

/** In which `grade` writes. */
export type GradeFormat = 'table' | 'json' | 'junit' | 'csv' | 'gradescope';

/** A grade as its readers may see it. */
export interface GradeShown {
  readonly grade: Grade;
  /** For whoever can tell by `visibility` what is whose. */
  readonly whole: Grade;
  /** For the students. */
  readonly forAll: Grade;
}

/** With --json the document is the format's own where that is JSON, and the grade for the others. */
export function formatGrade(
  format: GradeFormat,
  { grade, whole, forAll }: GradeShown,
  style: Style,
): { readonly text: string; readonly document: unknown } {
  switch (format) {
    case 'table':
      return { text: gradeText(forAll, style), document: whole };
    case 'json':
      return { text: JSON.stringify(whole, null, 2), document: whole };
    case 'junit':
      return { text: gradeXml(forAll), document: whole };
    case 'csv':
      return { text: gradesCsv([forAll]), document: whole };
    case 'gradescope': {
      const results = gradescopeResults(grade);
      return { text: JSON.stringify(results, null, 2), document: results };
    }
  }
}

/** For a class; Gradescope reads a file for each student, and who asks for that gets the table besides. */
export function formatBatch(format: GradeFormat, batch: BatchGrade, style: Style): string {
  switch (format) {
    case 'json':
      return JSON.stringify(batch, null, 2);
    case 'junit':
      return batchXml(batch);
    case 'csv':
      return batchCsv(batch);
    case 'table':
    case 'gradescope':
      return batchText(batch, style);
  }
}
