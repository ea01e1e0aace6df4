import t from 'tap';
import type { Proposal } from '../../../lib/negotiate/configuration.js';
import type { Offer } from '../../../lib/negotiate/offer.js';
import { judgeTerms } from '../../../lib/negotiate/term.js';
import { CONFIGURATION_TERMS } from '../../../lib/negotiate/terms.js';
import { GIB, offers, proposal } from './ends.js';

const proposed = (change: Partial<Proposal>, ...ends: [Partial<Offer>?, Partial<Offer>?]) =>
  judgeTerms(CONFIGURATION_TERMS, proposal(change), offers(...ends)).refusals;

t.test('memory: what others on their way were promised is not free', async (t) => {
  const memory = { neededBytes: 6 * GIB, guestBytes: 5 * GIB, promisedBytes: 0 };
  t.same(proposed({ memory }), []);
  t.match(proposed({ memory: { ...memory, promisedBytes: 3 * GIB } }), [
    { feature: 'memory', why: /8 GiB of memory free, of which 3 GiB.*needs 6 GiB/, fix: /--parallel 1/ },
  ]);
  t.match(proposed({ memory: { ...memory, neededBytes: 9 * GIB } }), [{ has: '8 GiB', wanted: '9 GiB' }]);
});

t.test('clock: more than a second apart, either way, and beyond what can be measured', async (t) => {
  t.same(proposed({ clock: { aheadMs: 999, errorMs: 0 } }), []);
  t.same(proposed({ clock: { aheadMs: 1500, errorMs: 600 } }), []);
  t.match(proposed({ clock: { aheadMs: 61_000, errorMs: 2 } }), [
    { feature: 'clock', why: /node-b is \S+ s ahead of that of node-a/ },
  ]);
  t.match(proposed({ clock: { aheadMs: -61_000, errorMs: 2 } }), [{ why: /behind that of node-a/ }]);
  t.same(proposed({ clock: null }), []);
});

t.test('userfaultfd: for those strategies alone that need it', async (t) => {
  t.same(proposed({}, {}, { userfaultfd: false }), []);
  t.match(proposed({ strategy: 'post-copy', needs: ['userfaultfd'] }, {}, { userfaultfd: false }), [
    { why: /^post-copy needs userfaultfd/, fix: /sysctl -w vm\.unprivileged_userfaultfd=1/ },
  ]);
  t.same(proposed({ needs: ['userfaultfd'] }, { userfaultfd: false }), [], 'it is the new host that waits for pages');
});
