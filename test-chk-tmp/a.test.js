import t from '/work/main/node_modules/tap/dist/esm/index.js';
t.test('skips', {skip:'no root here'}, async t=>{ t.ok(1)});
t.test('one', async t=>{ t.ok(1); t.test('deeper', async t=>{t.ok(true,'x'); t.skip('inner'); t.todo('later')})});
t.test('bad', async t=>{ t.equal(1,2)});
