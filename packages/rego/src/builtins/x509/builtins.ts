/** `crypto.x509.*` and `crypto.parse_private_keys`. */
import { X509Certificate } from 'node:crypto';
import {
  EMPTY_ARRAY,
  isNumber,
  RegoArray,
  type RegoObject,
  RegoSet,
  type Value,
} from '../../values/index.ts';
import { base64Decode } from '../encoding/binary.ts';
import { chargeText } from '../limits.ts';
import { int64Of, objectOperand, stringOperand } from '../operands.ts';
import { registerBuiltin } from '../registry.ts';
import { type BuiltinContext, BuiltinError, T } from '../types.ts';
import { type Certificate, certificateValue, parseCertificates } from './certificate.ts';
import { DerError } from './der.ts';
import { bytes, record } from './go-values.ts';
import { nextPem } from './pem.ts';
import { jwkValue, parseKey, pemText, privateKeysOf, privateKeyValue } from './private-keys.ts';
import { requestValue } from './request.ts';
import { type VerifyOptions, verifyChain } from './verify.ts';

const members = T.object([T.string, T.any]);
const verified = T.array(null, T.boolean, T.array(members));

registerBuiltin(
  'crypto.x509.parse_certificates',
  { args: [T.string], result: T.array(members) },
  (context, text) => {
    const certificates = certificatesOf(context, stringOperand(text, 1));
    return new RegoArray(certificates.map((certificate) => certificateValue(certificate, true)));
  },
);

registerBuiltin(
  'crypto.x509.parse_and_verify_certificates',
  { args: [T.string], result: verified },
  (context, text) => {
    const now = Number(context.timeNs / 1_000_000n);
    return verifiedValue(context, stringOperand(text, 1), { dnsName: '', time: now, keyUsages: [] }, true);
  },
);

registerBuiltin(
  'crypto.x509.parse_and_verify_certificates_with_options',
  { args: [T.string, members], result: verified },
  (context, text, options) => {
    const certificates = stringOperand(text, 1);
    return verifiedValue(context, certificates, verifyOptions(context, objectOperand(options, 2)), false);
  },
);

/** `[true, chain]`, or `[false, []]` for whatever is wrong. The root comes first and the leaf last. */
function verifiedValue(
  context: BuiltinContext,
  text: string,
  options: VerifyOptions,
  withUriStrings: boolean,
): Value {
  const failed = new RegoArray([false, EMPTY_ARRAY]);
  let certificates: readonly Certificate[];
  try {
    certificates = certificatesOf(context, text);
  } catch (error) {
    if (error instanceof BuiltinError) return failed;
    throw error;
  }
  const [root, ...rest] = certificates;
  const leaf = rest.pop();
  if (root === undefined || leaf === undefined) return failed;
  const chain = verifyChain(root, rest, leaf, options);
  if (chain === undefined) return failed;
  return new RegoArray([
    true,
    new RegoArray(chain.map((certificate) => certificateValue(certificate, withUriStrings))),
  ]);
}

const usageNames: readonly string[] = [
  'Any',
  'ServerAuth',
  'ClientAuth',
  'CodeSigning',
  'EmailProtection',
  'IPSECEndSystem',
  'IPSECTunnel',
  'IPSECUser',
  'TimeStamping',
  'OCSPSigning',
  'MicrosoftServerGatedCrypto',
  'NetscapeServerGatedCrypto',
  'MicrosoftCommercialCodeSigning',
  'MicrosoftKernelCodeSigning',
];

function verifyOptions(context: BuiltinContext, options: RegoObject): VerifyOptions {
  let dnsName = '';
  let time = Number(context.timeNs / 1_000_000n);
  let keyUsages: readonly number[] = [];
  for (const [key, value] of options.entries()) {
    switch (key) {
      case 'DNSName':
        if (typeof value !== 'string') throw new BuiltinError("'DNSName' should be a string");
        dnsName = value;
        break;
      case 'CurrentTime':
        time = Number(int64Option('CurrentTime', 'valid int64 number', value) / 1_000_000n);
        break;
      case 'MaxConstraintComparisons':
        int64Option('MaxConstraintComparisons', 'valid number', value);
        break;
      case 'KeyUsages':
        keyUsages = keyUsagesOption(value);
        break;
      default:
        if (typeof key === 'string') throw new BuiltinError('invalid key option');
    }
  }
  return { dnsName, time, keyUsages };
}

function int64Option(name: string, wanted: string, value: Value): bigint {
  if (!isNumber(value)) throw new BuiltinError(`'${name}' should be a number`);
  const integer = int64Of(value);
  if (integer === undefined) throw new BuiltinError(`'${name}' should be a ${wanted}`);
  return integer;
}

function keyUsagesOption(value: Value): readonly number[] {
  if (!(value instanceof RegoArray) && !(value instanceof RegoSet)) {
    throw new BuiltinError("'KeyUsages' should be an Array or Set");
  }
  const names = (value instanceof RegoArray ? value.items : value.values()).filter(
    (item) => typeof item === 'string',
  );
  const usages = names.map((name) => usageNames.indexOf(name.replace(/^KeyUsage/, '')));
  const unknown = names.filter((name, index) => usages[index]! < 0 || !name.startsWith('KeyUsage'));
  if (unknown.length > 0)
    throw new BuiltinError(`invalid entries for 'KeyUsages' found: [${unknown.join(' ')}]`);
  return usages;
}

/** Certificates in PEM, or base64 of PEM or DER. */
function certificatesOf(context: BuiltinContext, text: string): readonly Certificate[] {
  chargeText(context, text.length * 16);
  return orBuiltinError(() => {
    if (text.startsWith('-----BEGIN')) return parseCertificates(certificateBytes(pemText(text)));
    const decoded = Buffer.from(base64Decode(text));
    const pem = decoded.toString('latin1');
    return parseCertificates(pem.startsWith('-----BEGIN') ? certificateBytes(pem) : decoded);
  });
}

function certificateBytes(pem: string): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let next = nextPem(pem); next !== undefined; next = nextPem(next.rest)) {
    if (next.block.type !== 'CERTIFICATE') {
      throw new BuiltinError(`PEM block type is '${next.block.type}', expected CERTIFICATE`);
    }
    parts.push(next.block.bytes);
  }
  return Buffer.concat(parts);
}

function orBuiltinError<Result>(run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    if (error instanceof DerError) throw new BuiltinError(error.message);
    throw error;
  }
}

registerBuiltin(
  'crypto.x509.parse_certificate_request',
  { args: [T.string], result: members },
  (context, text) => {
    const operand = stringOperand(text, 1);
    chargeText(context, operand.length * 16);
    const pem = operand.startsWith('-----BEGIN CERTIFICATE REQUEST-----');
    const decoded = pem ? pemText(operand) : Buffer.from(base64Decode(operand)).toString('latin1');
    const found = nextPem(decoded);
    if (found !== undefined && found.block.type !== 'CERTIFICATE REQUEST') {
      throw new BuiltinError('invalid PEM-encoded certificate signing request');
    }
    return orBuiltinError(() => requestValue(found?.block.bytes ?? Buffer.from(decoded, 'latin1')));
  },
);

registerBuiltin(
  'crypto.x509.parse_keypair',
  { args: [T.string, T.string], result: members },
  (context, text, keyText) => {
    const chain = blockBytes(stringOperand(text, 1), 'CERTIFICATE');
    const keyOperand = stringOperand(keyText, 1);
    chargeText(context, keyOperand.length * 16);
    const key = privateKeysOf(keyOperand)[0] ?? parseKey(base64Decode(keyOperand), 'PRIVATE KEY');
    const [leaf] = orBuiltinError(() => chain.slice(0, 1).flatMap((der) => parseCertificates(der)));
    if (leaf === undefined) throw new BuiltinError('tls: failed to find any PEM data in certificate input');
    if (!new X509Certificate(Buffer.from(leaf.raw)).checkPrivateKey(key)) {
      throw new BuiltinError('tls: private key does not match public key');
    }
    return record({
      Certificate: new RegoArray(chain.map(bytes)),
      PrivateKey: privateKeyValue(key),
      SupportedSignatureAlgorithms: null,
      OCSPStaple: null,
      SignedCertificateTimestamps: null,
      Leaf: certificateValue(leaf, false),
    });
  },
);

/** The blocks of a type in PEM (or base64 of PEM), or the bytes of base64 as the one block. */
function blockBytes(text: string, type: string): readonly Uint8Array[] {
  const decoded = text.startsWith('-----BEGIN ')
    ? pemText(text)
    : Buffer.from(base64Decode(text)).toString('latin1');
  if (!decoded.startsWith('-----BEGIN ')) return [Buffer.from(decoded, 'latin1')];
  const found: Uint8Array[] = [];
  for (let next = nextPem(decoded); next !== undefined; next = nextPem(next.rest)) {
    if (next.block.type === type) found.push(next.block.bytes);
  }
  return found;
}

registerBuiltin(
  'crypto.x509.parse_rsa_private_key',
  { args: [T.string], result: members },
  (context, text) => {
    const operand = stringOperand(text, 1);
    chargeText(context, operand.length * 16);
    if (operand === '') throw new BuiltinError('input PEM data was empty');
    if (!operand.startsWith('-----BEGIN')) base64Decode(operand);
    const [key] = privateKeysOf(operand);
    return key === undefined ? null : jwkValue(key);
  },
);

registerBuiltin(
  'crypto.parse_private_keys',
  { args: [T.string], result: T.array(members) },
  (context, text) => {
    const operand = stringOperand(text, 1);
    chargeText(context, operand.length * 16);
    if (operand === '') return null;
    return new RegoArray(privateKeysOf(operand).map(privateKeyValue));
  },
);
