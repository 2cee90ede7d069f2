import { expect, test } from 'vitest';
import { connectionFault } from './faults.ts';

const fault = (message: string, code: string) =>
  connectionFault(Object.assign(new Error(message), { code }), 'HEAD https://r.example/v2/', undefined);

test('a registry of plain HTTP is said to be that, with the flag that takes it, and without OpenSSL’s words', () => {
  const error = fault(
    'write EPROTO 408D0417FB7F0000:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:../deps/openssl/ssl/record/methods/tlsany_meth.c:77:\n',
    'EPROTO',
  );
  expect(error.message).toBe('HEAD https://r.example/v2/: the host does not speak TLS there');
  expect(error.remedy).toContain('--allow-http-registry');
  const onBun = fault('The TLS handshake failed. Does the server speak TLS on this port?', 'EPROTO');
  expect(onBun.message).toBe(error.message);
});

test('a certificate for another name leads to the name, and not to another authority', () => {
  const error = fault("Hostname/IP does not match certificate's altnames", 'ERR_TLS_CERT_ALTNAME_INVALID');
  expect(error.code).toBe('OCI_TLS_UNTRUSTED');
  expect(error.remedy).toContain('--registry-server-name');
  expect(fault('self-signed certificate', 'DEPTH_ZERO_SELF_SIGNED_CERT').remedy).toContain(
    '--registry-cacert',
  );
});

test('what Node says about running Node, and Bun about calling it, is left out', () => {
  expect(fault('Unable to connect. Is the computer able to access the url?', 'ECONNREFUSED').message).toBe(
    'HEAD https://r.example/v2/: Unable to connect',
  );
  const text =
    'unable to verify the first certificate; if the root CA is installed locally, try running Node.js with --use-system-ca';
  expect(fault(text, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE').message).toBe(
    'HEAD https://r.example/v2/: unable to verify the first certificate',
  );
});
