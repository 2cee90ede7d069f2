/**
 * sigstore-js and tuf-js as a command, with the packages in the directory that SIGSTORE_JS names:
 *   node sigstore-js-client.mjs sign FILE BUNDLE URL TOKEN REKOR-VERSION message|dsse
 *   node sigstore-js-client.mjs verify FILE BUNDLE TRUSTED-ROOT IDENTITY ISSUER
 *   node sigstore-js-client.mjs tuf DIR URL TARGET
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const load = createRequire(join(process.env.SIGSTORE_JS, 'package.json'));
const { bundleFromJSON, bundleToJSON } = load('@sigstore/bundle');
const { DSSEBundleBuilder, FulcioSigner, MessageSignatureBundleBuilder, RekorWitness, TSAWitness } =
  load('@sigstore/sign');
const { TrustedRoot } = load('@sigstore/protobuf-specs');
const { toSignedEntity, toTrustMaterial, Verifier } = load('@sigstore/verify');

const [action, ...args] = process.argv.slice(2);

if (action === 'tuf') {
  const [directory, url, target] = args;
  const { Updater } = load('tuf-js');
  const updater = new Updater({
    metadataDir: directory,
    metadataBaseUrl: url,
    targetDir: directory,
    targetBaseUrl: `${url}/targets`,
  });
  await updater.refresh();
  const info = await updater.getTargetInfo(target);
  process.stdout.write(readFileSync(await updater.downloadTarget(info)));
} else if (action === 'verify') {
  const [file, bundleFile, trustedRoot, subjectAlternativeName, issuer] = args;
  const trust = toTrustMaterial(TrustedRoot.fromJSON(JSON.parse(readFileSync(trustedRoot, 'utf8'))));
  const verifier = new Verifier(trust, { ctlogThreshold: 1, tlogThreshold: 1 });
  const bundle = bundleFromJSON(JSON.parse(readFileSync(bundleFile, 'utf8')));
  verifier.verify(toSignedEntity(bundle, readFileSync(file)), {
    subjectAlternativeName,
    extensions: { issuer },
  });
} else {
  const [file, bundleFile, url, token, version, form] = args;
  const data = readFileSync(file);
  const options = {
    signer: new FulcioSigner({ fulcioBaseURL: url, identityProvider: { getToken: async () => token } }),
    witnesses: [
      new RekorWitness({ rekorBaseURL: url, majorApiVersion: Number(version) }),
      new TSAWitness({ tsaBaseURL: url }),
    ],
  };
  const builder =
    form === 'dsse' ? new DSSEBundleBuilder(options) : new MessageSignatureBundleBuilder(options);
  const bundle = await builder.create({ data, ...(form === 'dsse' ? { type: 'text/plain' } : {}) });
  writeFileSync(bundleFile, JSON.stringify(bundleToJSON(bundle)));
}
