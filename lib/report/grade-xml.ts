import type { BatchGrade } from '../model/batch-grade.js';
import type { Grade, GradedCheck } from '../model/grade.js';
import { printable, printableLine } from '../model/printable.js';
import { Markup, markup } from './markup.js';

/**
 * A grade as JUnit XML, as CI systems read it: a check that did not fully pass is a failure, one in error an error, a
 * warning none of them. Points are properties. No newline at the end.
 */
export function gradeXml(grade: Grade): string {
  return documentOf([testSuite(grade.rubric, grade)]);
}

/** The same of a class: a suite for each student. */
export function batchXml({ students, notGraded }: BatchGrade): string {
  const graded = students.map((grade) => testSuite(printableLine(grade.student), grade));
  return documentOf([...graded, ...notGraded.map((student) => interrupted(printableLine(student)))]);
}

/** Of whom nothing is known, which is no failure. */
function interrupted(student: string): Markup {
  return markup`
  <testsuite name="${xmlText(student)}" tests="1" failures="0" errors="1" skipped="0">
    <testcase name="not graded" classname="interrupted">
      <error message="not graded: the batch was interrupted"/>
    </testcase>
  </testsuite>`;
}

function documentOf(suites: readonly Markup[]): string {
  return markup`${DECLARATION}
<testsuites>${suites}
</testsuites>`.text;
}

function testSuite(name: string, grade: Grade): Markup {
  const { checks } = grade;
  const count = (status: GradedCheck['status']) => checks.filter((check) => statusOf(check) === status).length;
  const counts = markup`failures="${count('failed')}" errors="${count('error')}" skipped="${count('skipped')}"`;
  return markup`
  <testsuite name="${xmlText(name)}" tests="${checks.length}" ${counts}>
    <properties>
      <property name="submission" value="${xmlText(printableLine(grade.submission))}"/>
      <property name="score" value="${grade.score}"/>
      <property name="maxScore" value="${grade.maxScore}"/>
      <property name="ungradedScore" value="${grade.ungradedScore}"/>
    </properties>${checks.map((check) => testCase(grade, check))}
    <system-out>${xmlText(grade.note)}</system-out>
  </testsuite>`;
}

const DECLARATION = new Markup('<?xml version="1.0" encoding="UTF-8"?>');

/** A warning that failed fails nothing. */
function statusOf({ status, level }: GradedCheck): GradedCheck['status'] {
  return level === 'warning' && status === 'failed' ? 'passed' : status;
}

function testCase({ rubric }: Grade, check: GradedCheck): Markup {
  return markup`
    <testcase name="${xmlText(check.title)}" classname="${xmlText(`${rubric}.${check.name}`)}">
      <properties>
        <property name="score" value="${check.score}"/>
        <property name="maxScore" value="${check.maxScore}"/>
        <property name="visibility" value="${check.visibility}"/>
      </properties>${verdict(check)}
    </testcase>`;
}

function verdict(check: GradedCheck): Markup {
  const message = xmlText(check.hint === '' ? `${check.score} of ${check.maxScore} points` : check.hint);
  switch (statusOf(check)) {
    case 'passed':
      return markup`
      <system-out>${xmlText(check.output)}</system-out>`;
    case 'failed':
      return markup`
      <failure message="${message}">${xmlText(check.output)}</failure>`;
    case 'error':
      return markup`
      <error message="it could not be carried out">${xmlText(check.output)}</error>`;
    case 'skipped':
      return markup`
      <skipped message="${xmlText(check.output)}"/>`;
  }
}

/** XML 1.0 §2.2: what may not stand in a document, even escaped. Line ends stay as they are. */
function xmlText(text: string): string {
  return printable(text).replace(/[^\t\n\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '\ufffd');
}
