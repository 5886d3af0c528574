// A balancer that puts a line of its own in front of HTTP: every request of it is 400, and nothing in
// one says why.
import type { Logger } from '../base/log.ts';

/** https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt, sections 2.1 and 2.2. */
const SIGNATURES = [Buffer.from('PROXY '), Buffer.from('\r\n\r\n\0\r\nQUIT\n')];

/** Answers what looks at the first bytes of a connection, and tells of such a line once. */
export function tellOfProxyProtocol(log: Logger): (bytes: Buffer) => void {
  let isTold = false;
  return (bytes) => {
    if (isTold) return;
    isTold = SIGNATURES.some((signature) =>
      signature.equals(bytes.subarray(0, signature.byteLength)),
    );
    if (isTold) {
      log.warn(
        {},
        'a connection began with the PROXY protocol, which is not spoken here: switch it off at ' +
          'the load balancer, and let it send X-Forwarded-For',
      );
    }
  };
}
