import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTemplate, TemplateError } from './template.ts';

test('whatever a template is, reading it ends in a template or a TemplateError, and filling it in text', () => {
  const piece = fc.constantFrom(
    '{{',
    '}}',
    ' .a ',
    'if eq .a "b"',
    'else',
    'end',
    'index . "c/d"',
    'text',
    '(',
    '"',
  );
  const source = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
  );
  fc.assert(
    fc.property(source, (text) => {
      try {
        expect(typeof parseTemplate(text)(() => 'x')).toBe('string');
      } catch (error) {
        expect(error).toBeInstanceOf(TemplateError);
      }
    }),
  );
});

test.each([
  ['{{ if eq .a "b" }}x', 'without an end'],
  ['{{ else }}', 'without an if'],
  ['{{ end }}', 'without an if'],
  ['{{ if eq .a "b" }}{{ if eq .a "b" }}{{ end }}{{ end }}', 'inside another'],
  ['{{ if .a }}{{ end }}', 'not known'],
  ['{{ .a .b }}', 'one claim'],
  ['{{ .a', 'without end'],
  ['{{ .a }}'.repeat(40), 'at most'],
  ['', 'characters'],
])('%s is refused: %s', (source, message) => {
  expect(() => parseTemplate(source)).toThrow(message);
});
