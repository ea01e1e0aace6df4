import { isVerified } from './documents.js';
import { APPLY_FAULTS, caseName, MIGRATION_FAULTS } from './fault-cases.js';
import { chosen, healed, isDocumented, leftovers, moveThrough, recorded, withFault } from './fault-run.js';
import { onLab } from './harness.js';
import { holding, holdings } from './host-state.js';

const USUAL = [
  'ovs-vswitchd dies at the destination: armed',
  'QEMU dies at the destination: STOP',
  'the underlay is cut for 1 s: STOP',
  'the underlay is cut for good: STOP',
  "libvirt's answers do not reach the old host at the destination: STOP",
  'the guest stands still on arrival at the destination: RESUME',
];
const USUAL_OF_APPLY = ['vxmig is killed: after VMs', 'libvirtd dies at the source: before VMs'];

await onLab('two-subnets', async (t, lab) => {
  await lab.apply();
  const page = (path: string) => lab.page('host-c', 'blue', `http://10.9.0.1${path}`);
  await page('/cgi-bin/pattern?size=8');

  for (const each of chosen(MIGRATION_FAULTS, USUAL)) {
    await t.test(caseName(each), async (t) => {
      // An earlier case that failed must not fail this one.
      await lab.shell('router', 'nft delete table ip cut 2>/dev/null || true');
      await lab.succeed('lab', 'up', lab.file);
      if ((await lab.run('apply', lab.file)).exitCode !== 0) {
        await lab.run('destroy', lab.file, '--yes');
        await lab.apply();
        await page('/cgi-bin/pattern?size=8');
      }
      const { still, lost, held } = await moveThrough(t, lab, each, { work: 'migrate' });
      if (still) t.match(each.fault.name, /^libvirtd dies/, 'it stands still only where nobody can ask libvirt');
      if (lost) t.match(each.fault.name, /QEMU|panics/, 'only with its QEMU the VM is gone');
      await lab.apply();
      t.same(await holdings(lab), holding(lab, { web: 'host-a' }), 'one apply fixes all');
      t.same((await lab.succeed('plan', lab.file)).changes, []);
      isVerified(t, await lab.succeed('verify', lab.file));
      if (lost) await page('/cgi-bin/pattern?size=8');
      t.match(await page('/cgi-bin/check'), /^intact\n/);
      t.same(await leftovers(lab), []);
      held();
    });
  }

  for (const each of chosen(APPLY_FAULTS, USUAL_OF_APPLY)) {
    await t.test(`apply: ${caseName(each)}`, async (t) => {
      await lab.succeed('destroy', lab.file, '--yes');
      const run = await withFault(lab, each, ['apply', lab.file]);
      t.comment(`${run.exitCode}: ${run.document?.error?.message}`);
      let atEnd = false;
      t.teardown(() => recorded({ work: 'apply', each, run, lost: false, still: false, held: atEnd && t.passing() }));
      if (each.fault.at !== 'controller') isDocumented(t, run);
      t.notMatch(run.stderr, /\n {4}at /, 'no stack trace');
      await healed(lab, each);
      await lab.apply();
      t.same(await holdings(lab), holding(lab, { web: 'host-a' }), 'one apply fixes all');
      t.same((await lab.succeed('plan', lab.file)).changes, []);
      isVerified(t, await lab.succeed('verify', lab.file));
      t.same(await leftovers(lab), []);
      atEnd = true;
    });
  }
});
