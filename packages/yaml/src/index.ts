export { readYaml, readYamlDocuments, toJs, type YamlDocument, YamlError, type YamlOptions } from './read.ts';
