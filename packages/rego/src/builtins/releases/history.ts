/** Releases of OPA that have a `capabilities.json`, oldest first. */
export const RELEASES: readonly string[] = `
  v0.17.0 v0.17.1 v0.17.2 v0.17.3 v0.18.0 v0.19.0-rc1 v0.19.0 v0.19.1 v0.19.2 v0.20.0 v0.20.1 v0.20.2 v0.20.3
  v0.20.4 v0.20.5 v0.21.0 v0.21.1 v0.22.0 v0.23.0 v0.23.1 v0.23.2 v0.24.0 v0.25.0-rc1 v0.25.0-rc2 v0.25.0-rc3
  v0.25.0-rc4 v0.25.0 v0.25.1 v0.25.2 v0.26.0 v0.27.0 v0.27.1 v0.28.0 v0.29.0 v0.29.1 v0.29.2 v0.29.3 v0.29.4
  v0.30.0 v0.30.1 v0.30.2 v0.31.0 v0.32.0 v0.32.1 v0.33.0 v0.33.1 v0.34.0 v0.34.1 v0.34.2 v0.35.0 v0.36.0
  v0.36.1 v0.37.0 v0.37.1 v0.37.2 v0.38.0 v0.38.1 v0.39.0 v0.40.0 v0.41.0 v0.42.0 v0.42.1 v0.42.2 v0.43.0
  v0.43.1 v0.44.0 v0.45.0 v0.46.0 v0.46.1 v0.46.2 v0.46.3 v0.47.0 v0.47.1 v0.47.2 v0.47.3 v0.47.4 v0.48.0
  v0.49.0 v0.49.1 v0.49.2 v0.50.0 v0.50.1 v0.50.2 v0.51.0 v0.52.0 v0.53.0 v0.53.1 v0.54.0 v0.55.0 v0.56.0
  v0.57.0 v0.57.1 v0.58.0 v0.59.0 v0.60.0 v0.61.0 v0.62.0 v0.62.1 v0.63.0 v0.64.0 v0.64.1 v0.65.0 v0.66.0
  v0.67.0 v0.67.1 v0.68.0 v0.69.0 v0.70.0 v1.0.0 v1.0.1 v1.1.0 v1.2.0 v1.3.0 v1.4.0 v1.4.1 v1.4.2 v1.5.0 v1.5.1
  v1.6.0 v1.7.0 v1.8.0 v1.9.0 v1.10.0 v1.11.0 v1.11.1 v1.12.0 v1.12.1 v1.12.2 v1.12.3 v1.13.0 v1.13.1 v1.13.2
  v1.14.0 v1.14.1 v1.15.0 v1.15.1 v1.16.0 v1.16.1 v1.16.2 v1.17.0 v1.17.1 v1.18.0 v1.18.1 v1.18.2 v1.19.0
  v1.19.1 v1.20.0 v1.20.1 v1.20.2
`
  .trim()
  .split(/\s+/);

/** Built-in functions that are declared as they are here, by the first release in which they were. */
export const ADDED: Readonly<Record<string, string>> = {
  'v0.17.0': `
  abs and array.concat array.slice assign base64.decode base64.encode base64url.decode base64url.encode concat
  contains count crypto.md5 crypto.sha1 crypto.sha256 crypto.x509.parse_certificates div endswith eq equal
  format_int glob.quote_meta gt gte indexof intersection io.jwt.decode io.jwt.verify_es256 io.jwt.verify_hs256
  io.jwt.verify_ps256 io.jwt.verify_rs256 is_array is_boolean is_null is_number is_object is_set is_string
  json.marshal json.unmarshal lower lt lte max min minus mul neq net.cidr_contains net.cidr_expand
  net.cidr_intersects object.get or plus product regex.find_all_string_submatch_n regex.find_n regex.globs_match
  regex.split regex.template_match rego.parse_module rem replace round sort split sprintf startswith
  strings.replace_n substring sum time.clock time.date time.parse_duration_ns time.parse_ns
  time.parse_rfc3339_ns time.weekday to_number trace trim trim_left trim_prefix trim_right trim_space
  trim_suffix union units.parse_bytes upper urlquery.decode urlquery.encode urlquery.encode_object walk
  yaml.marshal yaml.unmarshal
`,
  'v0.18.0': 'bits.and bits.lsh bits.negate bits.or bits.rsh bits.xor',
  'v0.19.0-rc1': 'net.cidr_contains_matches',
  'v0.19.0': 'time.add_date',
  'v0.20.0': `
  graph.reachable io.jwt.verify_es384 io.jwt.verify_es512 io.jwt.verify_hs384 io.jwt.verify_hs512
  io.jwt.verify_ps384 io.jwt.verify_ps512 io.jwt.verify_rs384 io.jwt.verify_rs512
`,
  'v0.21.0': 'crypto.x509.parse_certificate_request',
  'v0.22.0': 'numbers.range semver.compare semver.is_valid',
  'v0.23.0': 'regex.is_valid regex.match',
  'v0.24.0': 'base64.is_valid net.cidr_merge urlquery.decode_object',
  'v0.25.0-rc1': 'json.is_valid yaml.is_valid',
  'v0.25.0-rc2': 'base64url.encode_no_pad hex.decode hex.encode',
  'v0.25.0': 'json.patch',
  'v0.26.0': 'ceil floor',
  'v0.28.0': 'time.diff',
  'v0.31.0': 'crypto.x509.parse_and_verify_certificates',
  'v0.33.0': 'crypto.x509.parse_rsa_private_key',
  'v0.34.0': 'internal.member_2 internal.member_3 internal.print print',
  'v0.36.0': `
  array.reverse crypto.hmac.md5 crypto.hmac.sha1 crypto.hmac.sha256 crypto.hmac.sha512 strings.reverse
`,
  'v0.37.0': 'graph.reachable_paths indexof_n',
  'v0.40.0': 'rego.metadata.chain rego.metadata.rule',
  'v0.41.0': 'graphql.parse_query graphql.parse_schema units.parse',
  'v0.43.0': 'glob.match type_name',
  'v0.44.0': `
  http.send io.jwt.decode_verify io.jwt.encode_sign io.jwt.encode_sign_raw net.lookup_ip_addr opa.runtime
  rand.intn strings.any_prefix_match strings.any_suffix_match time.now_ns uuid.rfc4122
`,
  'v0.45.0': 'graphql.is_valid graphql.parse graphql.parse_and_verify regex.replace',
  'v0.46.0': 'graphql.schema_is_valid net.cidr_is_valid',
  'v0.47.0': 'object.keys providers.aws.sign_req',
  'v0.48.0': 'time.format',
  'v0.50.0': 'json.match_schema json.verify_schema',
  'v0.52.0': 'crypto.hmac.equal',
  'v0.53.0': 'crypto.x509.parse_keypair',
  'v0.55.0': 'crypto.parse_private_keys',
  'v0.56.0': 'numbers.range_step',
  'v0.57.0': 'uuid.parse',
  'v0.59.0': 'strings.render_template',
  'v0.63.0': 'crypto.x509.parse_and_verify_certificates_with_options',
  'v0.64.0': 'json.marshal_with_options',
  'v0.67.0': 'strings.count',
  'v1.8.0': 'io.jwt.verify_eddsa',
  'v1.11.0': `
  all any cast_array cast_boolean cast_null cast_object cast_set cast_string net.cidr_overlap re_match set_diff
`,
  'v1.12.0': 'internal.template_string',
  'v1.13.0': 'array.flatten',
  'v1.16.0': 'uri.is_valid uri.parse',
  'v1.19.0': `
  json.filter json.remove object.filter object.remove object.subset object.union object.union_n strings.split_n
`,
};

/** Declarations that are not those here, each after the first and the last release that had them. */
export const CHANGED = `
v0.17.0 v0.42.2 {"name":"glob.match","decl":{"args":[{"type":"string"},{"dynamic":{"type":"string"},"type":"array"},{"type":"string"}],"result":{"type":"boolean"},"type":"function"}}
v0.17.0 v0.42.2 {"name":"type_name","decl":{"args":[{"of":[{"type":"any"}],"type":"any"}],"result":{"type":"string"},"type":"function"}}
v0.17.0 v0.43.1 {"name":"http.send","decl":{"args":[{"dynamic":{"key":{"type":"string"},"value":{"type":"any"}},"type":"object"}],"result":{"dynamic":{"key":{"type":"any"},"value":{"type":"any"}},"type":"object"},"type":"function"}}
v0.17.0 v0.43.1 {"name":"io.jwt.decode_verify","decl":{"args":[{"type":"string"},{"dynamic":{"key":{"type":"string"},"value":{"type":"any"}},"type":"object"}],"result":{"static":[{"type":"boolean"},{"dynamic":{"key":{"type":"any"},"value":{"type":"any"}},"type":"object"},{"dynamic":{"key":{"type":"any"},"value":{"type":"any"}},"type":"object"}],"type":"array"},"type":"function"}}
v0.17.0 v0.43.1 {"name":"io.jwt.encode_sign","decl":{"args":[{"dynamic":{"key":{"type":"string"},"value":{"type":"any"}},"type":"object"},{"dynamic":{"key":{"type":"string"},"value":{"type":"any"}},"type":"object"},{"dynamic":{"key":{"type":"string"},"value":{"type":"any"}},"type":"object"}],"result":{"type":"string"},"type":"function"}}
v0.17.0 v0.43.1 {"name":"io.jwt.encode_sign_raw","decl":{"args":[{"type":"string"},{"type":"string"},{"type":"string"}],"result":{"type":"string"},"type":"function"}}
v0.17.0 v0.43.1 {"name":"opa.runtime","decl":{"result":{"dynamic":{"key":{"type":"string"},"value":{"type":"any"}},"type":"object"},"type":"function"}}
v0.17.0 v0.43.1 {"name":"time.now_ns","decl":{"result":{"type":"number"},"type":"function"}}
v0.17.0 v1.10.0 {"name":"all","decl":{"args":[{"of":[{"dynamic":{"type":"any"},"type":"array"},{"of":{"type":"any"},"type":"set"}],"type":"any"}],"result":{"type":"boolean"},"type":"function"}}
v0.17.0 v1.10.0 {"name":"any","decl":{"args":[{"of":[{"dynamic":{"type":"any"},"type":"array"},{"of":{"type":"any"},"type":"set"}],"type":"any"}],"result":{"type":"boolean"},"type":"function"}}
v0.17.0 v1.10.0 {"name":"cast_array","decl":{"args":[{"type":"any"}],"result":{"dynamic":{"type":"any"},"type":"array"},"type":"function"}}
v0.17.0 v1.10.0 {"name":"cast_boolean","decl":{"args":[{"type":"any"}],"result":{"type":"boolean"},"type":"function"}}
v0.17.0 v1.10.0 {"name":"cast_null","decl":{"args":[{"type":"any"}],"result":{"type":"null"},"type":"function"}}
v0.17.0 v1.10.0 {"name":"cast_object","decl":{"args":[{"type":"any"}],"result":{"dynamic":{"key":{"type":"any"},"value":{"type":"any"}},"type":"object"},"type":"function"}}
v0.17.0 v1.10.0 {"name":"cast_set","decl":{"args":[{"type":"any"}],"result":{"of":{"type":"any"},"type":"set"},"type":"function"}}
v0.17.0 v1.10.0 {"name":"cast_string","decl":{"args":[{"type":"any"}],"result":{"type":"string"},"type":"function"}}
v0.17.0 v1.10.0 {"name":"net.cidr_overlap","decl":{"args":[{"type":"string"},{"type":"string"}],"result":{"type":"boolean"},"type":"function"}}
v0.17.0 v1.10.0 {"name":"re_match","decl":{"args":[{"type":"string"},{"type":"string"}],"result":{"type":"boolean"},"type":"function"}}
v0.17.0 v1.10.0 {"name":"set_diff","decl":{"args":[{"of":{"type":"any"},"type":"set"},{"of":{"type":"any"},"type":"set"}],"result":{"of":{"type":"any"},"type":"set"},"type":"function"}}
v0.17.0 v1.18.2 {"name":"json.filter","decl":{"args":[{"dynamic":{"key":{"type":"any"},"value":{"type":"any"}},"type":"object"},{"of":[{"dynamic":{"of":[{"type":"string"},{"dynamic":{"type":"any"},"type":"array"}],"type":"any"},"type":"array"},{"of":{"of":[{"type":"string"},{"dynamic":{"type":"any"},"type":"array"}],"type":"any"},"type":"set"}],"type":"any"}],"result":{"type":"any"},"type":"function"}}
v0.17.2 v1.18.2 {"name":"object.filter","decl":{"args":[{"dynamic":{"key":{"type":"any"},"value":{"type":"any"}},"type":"object"},{"of":[{"dynamic":{"type":"any"},"type":"array"},{"dynamic":{"key":{"type":"any"},"value":{"type":"any"}},"type":"object"},{"of":{"type":"any"},"type":"set"}],"type":"any"}],"result":{"type":"any"},"type":"function"}}
v0.17.2 v1.18.2 {"name":"object.remove","decl":{"args":[{"dynamic":{"key":{"type":"any"},"value":{"type":"any"}},"type":"object"},{"of":[{"dynamic":{"type":"any"},"type":"array"},{"dynamic":{"key":{"type":"any"},"value":{"type":"any"}},"type":"object"},{"of":{"type":"any"},"type":"set"}],"type":"any"}],"result":{"type":"any"},"type":"function"}}
v0.17.2 v1.18.2 {"name":"object.union","decl":{"args":[{"dynamic":{"key":{"type":"any"},"value":{"type":"any"}},"type":"object"},{"dynamic":{"key":{"type":"any"},"value":{"type":"any"}},"type":"object"}],"result":{"type":"any"},"type":"function"}}
v0.18.0 v1.18.2 {"name":"json.remove","decl":{"args":[{"dynamic":{"key":{"type":"any"},"value":{"type":"any"}},"type":"object"},{"of":[{"dynamic":{"of":[{"type":"string"},{"dynamic":{"type":"any"},"type":"array"}],"type":"any"},"type":"array"},{"of":{"of":[{"type":"string"},{"dynamic":{"type":"any"},"type":"array"}],"type":"any"},"type":"set"}],"type":"any"}],"result":{"type":"any"},"type":"function"}}
v0.20.0 v0.43.1 {"name":"uuid.rfc4122","decl":{"args":[{"type":"string"}],"result":{"type":"string"},"type":"function"}}
v0.31.0 v0.43.1 {"name":"rand.intn","decl":{"args":[{"type":"string"},{"type":"number"}],"result":{"type":"number"},"type":"function"}}
v0.35.0 v0.43.1 {"name":"net.lookup_ip_addr","decl":{"args":[{"type":"string"}],"result":{"of":{"type":"string"},"type":"set"},"type":"function"}}
v0.37.0 v1.18.2 {"name":"object.union_n","decl":{"args":[{"dynamic":{"dynamic":{"key":{"type":"any"},"value":{"type":"any"}},"type":"object"},"type":"array"}],"result":{"type":"any"},"type":"function"}}
v0.41.0 v0.44.0 {"name":"graphql.is_valid","decl":{"args":[{"type":"string"},{"type":"string"}],"result":{"type":"boolean"},"type":"function"}}
v0.41.0 v0.44.0 {"name":"graphql.parse","decl":{"args":[{"type":"string"},{"type":"string"}],"result":{"static":[{"dynamic":{"key":{"type":"any"},"value":{"type":"any"}},"type":"object"},{"dynamic":{"key":{"type":"any"},"value":{"type":"any"}},"type":"object"}],"type":"array"},"type":"function"}}
v0.41.0 v0.44.0 {"name":"graphql.parse_and_verify","decl":{"args":[{"type":"string"},{"type":"string"}],"result":{"static":[{"type":"boolean"},{"dynamic":{"key":{"type":"any"},"value":{"type":"any"}},"type":"object"},{"dynamic":{"key":{"type":"any"},"value":{"type":"any"}},"type":"object"}],"type":"array"},"type":"function"}}
v0.42.0 v1.18.2 {"name":"object.subset","decl":{"args":[{"of":[{"dynamic":{"type":"any"},"type":"array"},{"dynamic":{"key":{"type":"any"},"value":{"type":"any"}},"type":"object"},{"of":{"type":"any"},"type":"set"}],"type":"any"},{"of":[{"dynamic":{"type":"any"},"type":"array"},{"dynamic":{"key":{"type":"any"},"value":{"type":"any"}},"type":"object"},{"of":{"type":"any"},"type":"set"}],"type":"any"}],"result":{"type":"any"},"type":"function"}}
v1.2.0 v1.20.2 {"name":"internal.test_case","decl":{"args":[{"dynamic":{"type":"any"},"type":"array"}],"type":"function"}}
`;
