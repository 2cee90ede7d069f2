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

// What BuildKit builds from each of these is the image on the right; every one hid it once.
test.each([
  ['a second ARG in one instruction', `ARG A=1 BASE=evil:1\nFROM \${BASE:-good:1}\n`],
  ['an instruction in two lines', 'FROM good:1\nFR\\\nOM evil:1\n'],
  ['a backslash that is escaped, so that the line ends', 'FROM good:1\nRUN echo \\\\\nFROM evil:1\n'],
  ['an escape directive that is a comment', 'FROM good:1\n# escape=`\nRUN echo `\nFROM evil:1\n'],
  ['an escape directive behind an empty line', '\n# escape=`\nFROM good:1\nRUN echo `\nFROM evil:1\n'],
  [
    'a stage that is text of a script',
    'FROM good:1\nRUN <<EOF\nFROM scratch AS evil:1\nEOF\nCOPY --from=evil:1 / /\n',
  ],
  ['a script that ends where it does', 'FROM good:1\nRUN <<-"E" cat\n\tE\nFROM evil:1\n'],
  ['what looks like a script and is text', 'FROM good:1\nRUN echo "a <<E b"\nFROM evil:1\nRUN true\n# E\n'],
  [
    'a blank that another character than ours escapes',
    '# escape=`\nFROM good:1\nRUN x\\ <<E\nFROM evil:1\nRUN echo `\nE\n',
  ],
  ['a stage with a name that is none', 'FROM scratch AS evil:1\nFROM good:1\nCOPY --from=evil:1 / /\n'],
  ['a flag in quotes', 'FROM good:1\nCOPY "--from=evil:1" / /\n'],
  ['a flag partly in quotes', 'FROM good:1\nCOPY --fr"om"=evil:1 / /\n'],
  ['a member in quotes', 'FROM good:1\nRUN --mount=type=bind,"from=evil:1",target=/e true\n'],
  ['a member in another case', 'FROM good:1\nRUN --mount=type=bind,From=evil:1,target=/e true\n'],
  ['a flag with a blank in it', 'FROM good:1\nRUN --mount="type=bind,target=/e e,from=evil:1" true\n'],
  [
    'a flag behind one with a blank',
    'FROM good:1\nRUN --mount="type=cache,target=/e e" --mount=from=evil:1 true\n',
  ],
])('hides no image: %s', (_, text) => {
  expect(images(text).all).toContain('evil:1');
});

test('a number is a stage for COPY alone', () => {
  expect(images('FROM good:1\nFROM 0\nCOPY --from=0 / /\n')).toEqual({ all: ['good:1', '0'], base: '0' });
  expect(images('FROM good:1\nRUN --mount=from=0,target=/e true\n').all).toEqual(['good:1', '0']);
});

test('scripts name no images, in any of the ways they are written', () => {
  const text = `FROM good:1
RUN <<EOF python3 - <<'SECOND'
from os import path
EOF
FROM evil:1
SECOND
COPY <<-FILE /x
	FROM evil:1
	FILE
RUN cat <<< "FROM evil:1"
`;
  expect(images(text).all).toEqual(['good:1']);
});

test.each([
  ['a script without end', 'FROM good:1\nRUN <<EOF\nFROM evil:1\n'],
  ['a script whose end cannot be told', 'FROM good:1\nRUN <<E$X\nFROM evil:1\nE\n'],
  ['a script behind a quote without end', `FROM good:1\nRUN <<E echo it's\nFROM evil:1\nRUN echo \\\nE\n`],
  ['a script behind half a variable', 'FROM good:1\nRUN echo ${x <<E\nFROM evil:1\nRUN echo \\\nE\n'],
  ['an escape directive that some take for one', '# unknown=1\n# escape=`\nFROM good:1\n'],
  ['another escape than there is', '# escape=x\nFROM good:1\n'],
])('what builders might read in two ways is refused: %s', (_, text) => {
  expect(() => images(text)).toThrow(expect.objectContaining({ code: 'USAGE' }));
});
