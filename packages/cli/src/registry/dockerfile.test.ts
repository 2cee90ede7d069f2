import fc from 'fast-check';
import { expect, test } from 'vitest';
import { imagesInDockerfile } from './dockerfile.ts';

const images = (text: string, environment: Record<string, string> = {}) =>
  imagesInDockerfile(text, environment);

test('every image that something is taken from is found, stages and scratch are none', () => {
  const text = `# syntax=docker/dockerfile:1
ARG BASE=debian:13
from --platform=$BUILDPLATFORM golang:1.26 AS Build
RUN --mount=type=bind,from=busybox:1,target=/b go build
FROM "\${BASE}"
COPY --chown=1:1 --from=build /app /app
COPY --from=0 /x /x
COPY --from=gcr.io/tools/t@sha256:00 /t /t
COPY from=not-a-flag /y
`;
  expect(images(text)).toEqual({
    all: ['golang:1.26', 'busybox:1', 'debian:13', 'gcr.io/tools/t@sha256:00'],
    base: 'debian:13',
  });
});

test('the base of the last stage is found through stages of its own', () => {
  expect(images('FROM a:1 AS one\nFROM b:1 AS two\nFROM one\n').base).toBe('a:1');
  expect(images('FROM a:1 AS one\nFROM scratch\nCOPY --from=one / /\n')).toEqual({
    all: ['a:1'],
    base: null,
  });
});

test('a line that goes on hides no image', () => {
  expect(images('FROM \\\n  evil:1 \\\n  # a comment between\n  AS x\n').all).toEqual(['evil:1']);
  expect(images('# escape=`\nFROM `\n  evil:1\n').all).toEqual(['evil:1']);
  expect(
    images('FROM good:1\nRUN --mount=type=cache,target=/c \\\n --mount=from=evil:1,target=/e true\n').all,
  ).toEqual(['good:1', 'evil:1']);
});

test('the environment goes before ARG, defaults and alternatives are followed', () => {
  const text = `ARG TAG=1\nFROM app:$TAG\nFROM \${OTHER:-fallback}:2\nFROM app\${TAG:+-debug}:3\n`;
  expect(images(text).all).toEqual(['app:1', 'fallback:2', 'app-debug:3']);
  expect(images(text, { TAG: '9', OTHER: 'o' }).all).toEqual(['app:9', 'o:2', 'app-debug:3']);
});

test('a name with a variable that has no value is refused: it could be any image', () => {
  expect(() => images('FROM app:$TAG\n')).toThrow('TAG, which has no value');
  expect(() => images(`FROM a\nARG TAG=1\nFROM app:\${TAG}\n`)).toThrow('TAG, which has no value');
  expect(() => images(`FROM \${constructor}\n`)).toThrow('constructor, which has no value');
});

test('no text makes it throw anything else', () => {
  const words = fc.constantFrom(
    'FROM',
    'COPY',
    'RUN',
    'ARG',
    'AS',
    '--from=x',
    '--mount=from=y',
    '$A',
    `\${A:-b}`,
    '\\',
    '#',
    '"',
    '\n',
    ' ',
    'a',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(words).map((all) => all.join(' ')),
      ),
      (text) => {
        try {
          imagesInDockerfile(text, {});
        } catch (error) {
          expect(error).toMatchObject({ code: 'USAGE' });
        }
      },
    ),
  );
});
