import fc from 'fast-check';
import t from 'tap';
import { parseMasked } from '../../../lib/openflow/value.js';
import { portBlocks } from '../../../lib/pipeline/port-blocks.js';

t.test('blocks of a range of ports hold just those ports, each once', async (t) => {
  const port = fc.integer({ min: 0, max: 65535 });
  fc.assert(
    fc.property(port, port, (a, b) => {
      const [first, last] = [Math.min(a, b), Math.max(a, b)];
      let next = BigInt(first);
      for (const block of portBlocks({ first, last })) {
        const { value, mask } = parseMasked('tp_dst', block);
        // Blocks stand in order: each begins where the one before it ended.
        if (value !== next) return false;
        next = value + 0x10000n - mask;
      }
      return next === BigInt(last) + 1n;
    }),
  );
  t.same(portBlocks({ first: 80, last: 80 }), ['80']);
  t.same(portBlocks({ first: 8000, last: 8007 }), ['0x1f40/0xfff8']);
  t.same(portBlocks({ first: 0, last: 65535 }), ['0x0/0x0']);
});
