import type { GradedCheck } from '../../../lib/model/grade.js';

export const STYLE = { colour: false, width: 100, unicode: true };

export const FAILED: GradedCheck = {
  name: 'vnis',
  title: 'The VNIs',
  kind: 'topology',
  level: 'error',
  score: 0,
  maxScore: 2,
  status: 'failed',
  visibility: 'visible',
  output: '[no] `vni` of network blue: 7 (expected: 5001)',
  hint: 'look at blue',
  ungraded: false,
};

export const ERROR: GradedCheck = {
  ...FAILED,
  status: 'error',
  output: 'could not be carried out: no answer',
  hint: '',
  ungraded: true,
};
