import { createHash } from 'node:crypto';

const lower = 'abcdefghijklmnopqrstuvwxyz';
const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const digit = '0123456789';
const alnum = upper + lower + digit;
const hex = '0123456789abcdef';

/** Draws text from an alphabet; the same each time for one seed. */
function drawing(seed: string): (alphabet: string, length: number) => string {
  let drawn = createHash('sha512').update(seed).digest();
  let next = 0;
  return (alphabet, length) =>
    Array.from({ length }, () => {
      if (next === drawn.length) [drawn, next] = [createHash('sha512').update(drawn).digest(), 0];
      return alphabet[drawn[next++]! % alphabet.length];
    }).join('');
}

type Draw = ReturnType<typeof drawing>;

const uuid = (of: Draw) => [8, 4, 4, 4, 12].map((length) => of(hex, length)).join('-');
const pem = (label: string, of: Draw, headers = '') =>
  `-----BEGIN ${label}-----\n${headers}${of(alnum, 64)}\n${of(alnum, 64)}\n${of(alnum, 32)}\n-----END ${label}-----\n`;
const jsonToken = (of: Draw) =>
  [
    { alg: 'HS256', typ: 'JWT' },
    { sub: of(lower, 12), admin: true },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .concat(of(alnum, 43))
    .join('.');

/** A secret of each kind, made up: none has ever opened anything. Beginnings are put together here, so that no tool finds them in this file. */
const samples: Readonly<Record<string, (of: Draw) => string>> = {
  'private-key': (of) => pem('EC PRIVATE KEY', of),
  'private-key-encrypted': (of) => pem('ENCRYPTED PRIVATE KEY', of),
  'age-secret-key': (of) => `AGE-SECRET-${'KEY'}-1${of('QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L', 58)}`,
  'putty-private-key': (of) =>
    `PuTTY-User-${'Key'}-File-3: ssh-ed25519\nEncryption: none\nPublic-Lines: 2\n${of(alnum, 64)}\n${of(alnum, 20)}\nPrivate-Lines: 1\n${of(alnum, 47)}=\n`,
  'gcp-service-account': (of) =>
    `{"type": "service_${'account'}", "project_id": "p", "private_key_id": "${of(hex, 40)}", "private_key": ${JSON.stringify(pem('PRIVATE KEY', of))}}`,
  'aws-access-key-id': (of) => `AK${'IA'}${of(`${upper}234567`, 16)}`,
  'github-pat': (of) => `gh${'p_'}${of(alnum, 36)}`,
  'github-oauth': (of) => `gh${'o_'}${of(alnum, 36)}`,
  'github-app-token': (of) => `gh${'s_'}${of(alnum, 36)}`,
  'github-refresh-token': (of) => `gh${'r_'}${of(alnum, 76)}`,
  'gitlab-token': (of) => `gl${'pat'}-${of(alnum, 20)}`,
  'npm-access-token': (of) => `np${'m_'}${of(alnum, 36)}`,
  'pypi-upload-token': (of) => `py${'pi'}-AgEIcHlwaS5vcmc${of(alnum, 90)}`,
  'rubygems-api-token': (of) => `ruby${'gems_'}${of(hex, 48)}`,
  'clojars-api-token': (of) => `CLO${'JARS_'}${of(lower + digit, 60)}`,
  'packagist-token': (of) => `packagist${'_ort_'}${of(hex, 68)}`,
  'docker-token': (of) => `dckr${'_pat_'}${of(alnum, 27)}`,
  'slack-token': (of) => `xo${'xb'}-${of(digit, 12)}-${of(digit, 13)}-${of(alnum, 24)}`,
  'slack-webhook': (of) =>
    `https://hooks.${'slack'}.com/services/T${of(upper, 8)}/B${of(upper, 10)}/${of(alnum, 24)}`,
  'discord-webhook': (of) => `https://discord.com/api/${'web'}hooks/${of('123456789', 18)}/${of(alnum, 68)}`,
  'telegram-bot-token': (of) => `${of('123456789', 10)}:A${'A'}${of(alnum, 33)}`,
  'stripe-secret-token': (of) => `sk${'_live_'}${of(alnum, 24)}`,
  'shopify-token': (of) => `sh${'pat_'}${of(hex, 32)}`,
  'square-token': (of) => `sq0${'atp'}-${of(alnum, 22)}`,
  'google-api-key': (of) => `AI${'za'}${of(alnum, 35)}`,
  'google-oauth-secret': (of) => `GOC${'SPX'}-${of(alnum, 28)}`,
  'hugging-face-access-token': (of) => `h${'f_'}${of(upper + lower, 34)}`,
  'openai-api-key': (of) => `sk-${'proj'}-${of(alnum, 74)}T3Blbk${'FJ'}${of(alnum, 74)}`,
  'anthropic-api-key': (of) => `sk-${'ant'}-api03-${of(alnum, 95)}`,
  'replicate-api-token': (of) => `r${'8_'}${of(alnum, 37)}`,
  'vault-token': (of) => `hv${'s.'}${of(alnum, 90)}`,
  'grafana-token': (of) => `gl${'sa_'}${of(alnum, 32)}_${of(hex, 8)}`,
  'atlassian-token': (of) => `ATA${'TT3'}xFfGF0${of(alnum, 176)}`,
  'tailscale-key': (of) => `ts${'key'}-auth-${of(alnum, 17)}-${of(alnum, 32)}`,
  'fly-token': (of) => `fo${'1_'}${of(alnum, 43)}`,
  'sentry-token': (of) => `sntr${'yu_'}${of(hex, 64)}`,
  'digitalocean-token': (of) => `dop${'_v1_'}${of(hex, 64)}`,
  'figma-token': (of) => `fi${'gd_'}${of(alnum, 40)}`,
  'linear-api-token': (of) => `lin${'_api_'}${of(alnum, 40)}`,
  'notion-token': (of) => `nt${'n_'}${of(digit, 11)}${of(alnum, 35)}`,
  'planetscale-token': (of) => `pscale${'_tkn_'}${of(alnum, 43)}`,
  'postman-api-token': (of) => `PM${'AK'}-${of(hex, 24)}-${of(hex, 34)}`,
  'pulumi-api-token': (of) => `pu${'l-'}${of(hex, 40)}`,
  'sendgrid-api-token': (of) => `S${'G.'}${of(alnum, 22)}.${of(alnum, 43)}`,
  'sendinblue-api-token': (of) => `xkey${'sib'}-${of(hex, 64)}-${of(alnum, 16)}`,
  'databricks-api-token': (of) => `da${'pi'}${of(hex, 32)}`,
  'doppler-api-token': (of) => `dp${'.pt.'}${of(alnum, 43)}`,
  'duffel-api-token': (of) => `duffel${'_live_'}${of(alnum, 43)}`,
  'dynatrace-api-token': (of) => `dt0${'c01.'}${of(upper + digit, 24)}.${of(upper + digit, 64)}`,
  'easypost-api-token': (of) => `EZ${'AK'}${of(alnum, 54)}`,
  'flutterwave-secret-key': (of) => `FLW${'SECK'}_TEST-${of(hex, 32)}-X`,
  'frameio-api-token': (of) => `fi${'o-u-'}${of(alnum, 64)}`,
  'new-relic-api-key': (of) => `NR${'AK'}-${of(upper + digit, 27)}`,
  'shippo-api-token': (of) => `shippo${'_live_'}${of(hex, 40)}`,
  'adobe-client-secret': (of) => `p8${'e-'}${of(alnum, 32)}`,
  'alibaba-access-key-id': (of) => `LT${'AI'}${of(alnum, 20)}`,
  'typeform-api-token': (of) => `tf${'p_'}${of(alnum, 44)}_${of(alnum, 14)}`,
  'onepassword-token': (of) => `ops_${'eyJ'}${of(alnum, 400)}`,
  'twilio-api-key': (of) => `S${'K'}${of(hex, 32)}`,
  'terraform-token': (of) => `${of(alnum, 14)}.atlas${'v1.'}${of(alnum, 67)}`,
  'mapbox-secret-token': (of) => `sk.${'eyJ'}${of(alnum, 70)}.${of(alnum, 22)}`,
  'jwt-token': jsonToken,
  'aws-secret-access-key': (of) => `aws_secret_access${'_key'} = ${of(alnum, 37)}aB7`,
  'azure-storage-account-key': (of) => `AccountName=x;Account${'Key'}=${of(alnum, 86)}==;`,
  'azure-sas-token': (of) =>
    `https://x.blob.core.windows.net/c?sv=2022-11-02&ss=b&srt=sco&sp=rl&se=2030-01-01T00:00:00Z&${'sig'}=${of(alnum, 43)}%3D`,
  'azure-entra-client-secret': (of) => `${of(alnum, 3)}8${'Q~'}${of(alnum, 34)}`,
  'azure-service-key': (of) => `${of(alnum, 52)}JQQJ${'99'}CDACYeBjFEqg7NAAABAZCR${of(alnum, 4)}`,
  'azure-devops-pat': (of) => `AZURE_DEVOPS_${'PAT'}=${of('abcdefghijklmnopqrstuvwxyz234567', 52)}`,
  'azure-container-registry-password': (of) =>
    `myregistry.azure${'cr'}.io username=u password=${of(alnum, 32)}`,
  'azure-app-config-connection-string': (of) =>
    `Endpoint=https://x.az${'config'}.io;Id=ab12:${of(alnum, 10)};Secret=${of(alnum, 43)}=`,
  'docker-config': (of) => `.docker${'configjson'}: eyJ${of(alnum, 60)}`,
  'database-url': (of) => `post${'gres'}://shop:${of(alnum, 16)}@db.internal:5432/shop`,
  'heroku-api-key': (of) => `HEROKU_API_KEY="${uuid(of)}"`,
  'hubspot-api-token': (of) => `hubspot_key = "${uuid(of)}"`,
  'facebook-token': (of) => `facebook_secret: "${of(hex, 32)}"`,
  'twitter-token': (of) => `twitter_secret = '${of(hex, 40)}'`,
  'alibaba-secret-key': (of) => `alibaba_secret = "${of(lower + digit, 30)}"`,
  'asana-client-secret': (of) => `asana_secret = "${of(lower + digit, 32)}"`,
  'atlassian-api-token': (of) => `atlassian_token = "${of(lower + digit, 24)}"`,
  'bitbucket-client-secret': (of) => `bitbucket_secret = "${of(lower + digit, 64)}"`,
  'beamer-api-token': (of) => `beamer_key = "b_${of(lower + digit, 44)}"`,
  'contentful-delivery-api-token': (of) => `contentful_token = "${of(lower + digit, 43)}"`,
  'discord-api-token': (of) => `discord_token = "${of(hex, 64)}"`,
  'discord-client-secret': (of) => `discord_secret = "${of(lower + digit, 32)}"`,
  'dropbox-api-secret': (of) => `dropbox_secret = "${of(lower + digit, 15)}"`,
  'dropbox-token': (of) => `dropbox_token = "sl.${of(lower + digit, 135)}"`,
  'fastly-api-token': (of) => `fastly_token = "${of(lower + digit, 32)}"`,
  'finicity-token': (of) => `finicity_secret = "${of(lower + digit, 20)}"`,
  'intercom-api-token': (of) => `intercom_token = "${of(lower + digit, 60)}"`,
  'ionic-api-token': (of) => `ionic_token = "ion_${of(lower + digit, 42)}"`,
  'linear-client-secret': (of) => `linear_secret = "${of(hex, 32)}"`,
  'linkedin-client-secret': (of) => `linkedin_secret = "${of(lower, 16)}"`,
  'mailchimp-api-key': (of) => `mailchimp_key = "${of(hex, 32)}-us20"`,
  'mailgun-token': (of) => `mailgun_key = "key-${of(hex, 32)}"`,
  'messagebird-api-token': (of) => `messagebird_key = "${of(lower + digit, 25)}"`,
  'twitch-api-token': (of) => `twitch_secret = "${of(lower + digit, 30)}"`,
  'gocardless-api-token': (of) => `gocardless_token = "live_${of(lower + digit, 40)}"`,
  'lob-api-key': (of) => `lob_key = "live_${of(hex, 35)}"`,
  'twilio-auth-token': (of) => `TWILIO_AUTH_TOKEN=${of(hex, 32)}\n`,
  'cloudflare-api-key': (of) => `cloudflare_api_key = "${of(hex, 37)}"`,
  'maven-settings-password': (of) => `<pass${'word'}>${of(alnum, 16)}</password>`,
};

/** A made-up secret that a rule finds; another one for another seed. */
export function secretSample(rule: string, seed = 'a'): string {
  return samples[rule]!(drawing(`${seed} ${rule}`));
}

/** One of each kind, by the rule that finds it. */
export function secretSamples(seed?: string): ReadonlyMap<string, string> {
  return new Map(Object.keys(samples).map((rule) => [rule, secretSample(rule, seed)]));
}
