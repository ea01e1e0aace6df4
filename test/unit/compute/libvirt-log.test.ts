import t from 'tap';
import { libvirtErrors } from '../../../lib/compute/libvirt/libvirt-log.js';

/** As libvirtd 11.3 wrote it at both ends of a migration whose destination lacked an image. */
const LOG = `2026-11-27 17:38:14.360+0000: 76: error : virNetSocketReadWire:1782 : End of file while reading data: Input/output error
2026-11-27 17:38:15.174+0000: 78: error : virStorageSourceReportBrokenChain:1324 : Cannot access storage file '/srv/vms/d.img': No such file or directory
2026-11-27 17:38:15.343+0000: 76: error : virNetSocketReadWire:1782 : End of file while reading data: Input/output error
2026-11-27 17:38:15.500+0000: 76: warning : qemuDomainObjTaint:6 : tainted
=== journal
=== qemu
2026-11-27 17:38:15.174+0000: shutting down, reason=failed
2026-11-27T17:38:10.000001Z qemu-system-x86_64: of a run before
2026-11-27T17:38:15.200001Z qemu-system-x86_64: Length mismatch: pc.ram: 0x8000000 in != 0x4000000
2026-11-27T17:38:15.300001Z qemu-system-x86_64: terminating on signal 15 from pid 78 (/usr/sbin/libvirtd)
`;

t.test('what was called an error since then, and no echo of it', async (t) => {
  const since = Date.parse('2026-11-27T17:38:15.000Z');
  t.same(libvirtErrors(LOG, since), [
    "Cannot access storage file '/srv/vms/d.img': No such file or directory",
    'Length mismatch: pc.ram: 0x8000000 in != 0x4000000',
  ]);
  t.same(libvirtErrors(LOG, since + 60_000), [], 'of this run alone');
  t.same(libvirtErrors('', since), []);
  const journal =
    '=== journal\nCannot access storage file\nEnd of file while reading data: Input/output error\n=== qemu\n';
  t.same(libvirtErrors(journal, since), ['Cannot access storage file']);
});
