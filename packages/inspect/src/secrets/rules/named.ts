import { inAnyCase, type SecretRule } from '../rule.ts';

/**
 * A secret without a form of its own, by the name of whose it is: `HEROKU_API_KEY = "…"`. In quotes, or to the end of
 * the line.
 */
function named(
  id: string,
  title: string,
  severity: SecretRule['severity'],
  vendor: string,
  value: string,
): SecretRule {
  const name = `${vendor}[a-z0-9_ .,-]{0,25}["']?\\s{0,3}(?:=>|:=|[=:>])\\s{0,3}`;
  return {
    id,
    title,
    severity,
    words: inAnyCase(vendor),
    after: 200,
    pattern: new RegExp(`${name}(?:["'](?<secret>${value})["']|(?<secret>${value})\\s*(?:$|\\n))`, 'iy'),
  };
}

const hex = (length: number | string): string => `[a-f0-9]{${length}}`;
const uuid = '[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}';

/** Secrets of services whose form is any random text: their name has to stand before them. */
export const namedRules: readonly SecretRule[] = [
  named('heroku-api-key', 'Heroku API key', 'high', 'heroku', uuid),
  named('hubspot-api-token', 'HubSpot API key', 'low', 'hubspot', uuid),
  named('facebook-token', 'Facebook app secret', 'low', 'facebook', hex(32)),
  named('twitter-token', 'Twitter secret', 'low', 'twitter', '[a-z0-9]{35,50}'),
  named('alibaba-secret-key', 'Alibaba Cloud secret key', 'high', 'alibaba', '[a-z0-9]{30}'),
  named('asana-client-secret', 'Asana client secret', 'medium', 'asana', '[a-z0-9]{32}'),
  named('atlassian-api-token', 'Atlassian API token', 'high', 'atlassian', '[a-z0-9]{24}'),
  named('bitbucket-client-secret', 'Bitbucket client secret', 'high', 'bitbucket', '[a-z0-9_-]{64}'),
  named('beamer-api-token', 'Beamer token', 'low', 'beamer', 'b_[a-z0-9=_-]{44}'),
  named('contentful-delivery-api-token', 'Contentful token', 'low', 'contentful', '[a-z0-9=_-]{43}'),
  named('discord-api-token', 'Discord token', 'low', 'discord', hex(64)),
  named('discord-client-secret', 'Discord client secret', 'low', 'discord', '[a-z0-9=_-]{32}'),
  named('dropbox-api-secret', 'Dropbox app secret', 'high', 'dropbox', '[a-z0-9]{15}'),
  named(
    'dropbox-token',
    'Dropbox token',
    'high',
    'dropbox',
    '(?:sl\\.[a-z0-9=_-]{130,140}|[a-z0-9]{11}AAAAAAAAAA[a-z0-9=_-]{43})',
  ),
  named('fastly-api-token', 'Fastly token', 'medium', 'fastly', '[a-z0-9=_-]{32}'),
  named('finicity-token', 'Finicity secret', 'medium', 'finicity', `(?:[a-z0-9]{20}|${hex(32)})`),
  named('intercom-api-token', 'Intercom token', 'low', 'intercom', `(?:[a-z0-9=_]{60}|${uuid})`),
  named('ionic-api-token', 'Ionic token', 'low', 'ionic', 'ion_[a-z0-9]{42}'),
  named('linear-client-secret', 'Linear client secret', 'low', 'linear', hex(32)),
  named('linkedin-client-secret', 'LinkedIn client secret', 'low', 'linkedin', '[a-z0-9]{16}'),
  named('mailchimp-api-key', 'Mailchimp API key', 'medium', 'mailchimp', `${hex(32)}-us\\d{1,2}`),
  named(
    'mailgun-token',
    'Mailgun key',
    'medium',
    'mailgun',
    `(?:key-${hex(32)}|[a-h0-9]{32}-[a-h0-9]{8}-[a-h0-9]{8})`,
  ),
  named('messagebird-api-token', 'MessageBird token', 'medium', 'messagebird', '[a-z0-9]{25}'),
  named('twitch-api-token', 'Twitch secret', 'low', 'twitch', '[a-z0-9]{30}'),
  named('gocardless-api-token', 'GoCardless token', 'medium', 'gocardless', 'live_[a-z0-9=_-]{40}'),
  named('lob-api-key', 'Lob API key', 'low', 'lob_', `(?:live|test)_${hex(35)}`),
  named('twilio-auth-token', 'Twilio auth token', 'high', 'twilio', hex(32)),
  named(
    'cloudflare-api-key',
    'Cloudflare API key or token',
    'critical',
    'cloudflare',
    `(?:${hex(37)}|[a-z0-9_-]{40})`,
  ),
];
