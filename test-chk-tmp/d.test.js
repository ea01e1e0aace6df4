import t from '/work/main/node_modules/tap/dist/esm/index.js';
t.test('throws', async t=>{ t.ok(1,'before'); throw new Error('x') });
