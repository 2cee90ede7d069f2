import fc from 'fast-check';
import { expect, test } from 'vitest';
import { imagesInDockerfile, imagesInTriggers } from './dockerfile.ts';

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
  expect(images(text)).toMatchObject({
    all: ['docker/dockerfile:1', 'golang:1.26', 'busybox:1', 'debian:13', 'gcr.io/tools/t@sha256:00'],
    base: 'debian:13',
  });
});

test('the base of the last stage is found through stages of its own', () => {
  expect(images('FROM a:1 AS one\nFROM b:1 AS two\nFROM one\n').base).toBe('a:1');
  expect(images('FROM a:1 AS one\nFROM scratch\nCOPY --from=one / /\n')).toMatchObject({
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

test('what is given goes before ARG, defaults and alternatives are followed', () => {
  const text = `ARG TAG=1 OTHER\nFROM app:$TAG\nFROM \${OTHER:-fallback}:2\nFROM app\${TAG:+-debug}:3\n`;
  expect(images(text).all).toEqual(['app:1', 'fallback:2', 'app-debug:3']);
  expect(images(text, { TAG: '9', OTHER: 'o' }).all).toEqual(['app:9', 'o:2', 'app-debug:3']);
  expect([...images(text, { TAG: '9', HOME: '/' }).used]).toEqual([['TAG', '9']]);
});

test('what is given and not declared is not what BuildKit builds with', () => {
  const text = `ARG A=\${HOME:+good:1}\nFROM \${A:-evil:1}\nARG LATE=1\nFROM \${LATE:-b}\n`;
  expect(images(text, { HOME: '/root', LATE: 'c' }).all).toEqual(['evil:1', 'b']);
});

test('a variable that BuildKit gives its value is not one without', () => {
  expect(() => images(`FROM \${TARGETSTAGE:+evil:1}\${TARGETSTAGE:-good:1}\n`)).toThrow(
    'TARGETSTAGE, which has no value',
  );
  expect(images('FROM app-$TARGETARCH\n', { TARGETARCH: 'arm64' }).all).toEqual(['app-arm64']);
});

test('a variable that names no image may be without a value', () => {
  expect(images('ARG VERSION\nARG TEXT="$VERSION $("\nARG X=$VERSION\nFROM a:1\n').all).toEqual(['a:1']);
});

test.each([
  ['app$TAG', 'app1'],
  ['app$EMPTY', 'app'],
  [`\${TAG-x}\${NONE-y}\${EMPTY-z}`, '1y'],
  [`a\${TAG+x}\${NONE+y}\${EMPTY+z}\${EMPTY:+w}`, 'axz'],
  [`a\${NONE:-\${TAG:-x}}`, 'a1'],
  [`a\${NONE:-'b'"c$TAG"}`, 'abc1'],
  [`\${TAG:?why}`, '1'],
  [`"ap"'p':\\1`, 'app:1'],
])('variables, quotes and escapes in a name: %s is %s', (name, expected) => {
  expect(images(`ARG TAG=1 NONE EMPTY=\nFROM ${name}\n`).all).toEqual([expected]);
});

test.each([
  ['a substitution that is not understood', `FROM \${TAG#x}\n`],
  ['one that does not end', 'FROM ${TAG:-x\n'],
  ['a quote that does not end', 'FROM "a\n'],
  ['variables that nest too deep', `FROM ${`\${A:-`.repeat(100)}x${'}'.repeat(100)}\n`],
  ['two syntax directives', '# syntax=a\n# syntax=b\nFROM c\n'],
  ['a frontend for a file that is none', '// syntax=evil:1\nFROM c\n'],
  ['a frontend in JSON', '{"syntax": "evil:1"}'],
])('no images can be told of %s', (_, text) => {
  expect(() => images(`${text}`)).toThrow(expect.objectContaining({ code: 'USAGE' }));
});

test.each([
  ['#syntax=f:1', 'f:1'],
  ['# SYNTAX = f:1 --flag', 'f:1'],
  ['\ufeff# syntax=f:1', 'f:1'],
  ['#!/usr/bin/env docker\n# syntax=f:1', 'f:1'],
  ['# check=skip=all\n# escape=`\n# syntax=f:1', 'f:1'],
  ['# a comment\n# syntax=f:1', null],
  ['\n# syntax=f:1', null],
  ['# syntax=', null],
])('the frontend of %j is %s', (head, frontend) => {
  expect(images(`${head}\nFROM a:1\n`)).toMatchObject({
    frontend,
    all: [...(frontend === null ? [] : [frontend]), 'a:1'],
  });
});

test('a frontend that is given goes before that of the file', () => {
  const given = { BUILDKIT_SYNTAX: 'given:1' };
  expect(images('# syntax=f:1\nFROM a:1\n', given).all).toEqual(['given:1', 'a:1']);
});

test('what ADD fetches from elsewhere is told, unless it is pinned', () => {
  const text = `FROM a:1
ADD https://h.example/a.tar /a
ADD --checksum=sha256:00 https://h.example/b.tar /b
ADD git@h.example:c.git#main /c
ADD https://h.example/d.git#${'a'.repeat(40)} /d
ADD ["https://h.example/e", "/e"]
ADD $URL local.txt /f
ONBUILD ADD https://h.example/g /g
`;
  expect(images(text).fetched).toEqual([
    'https://h.example/a.tar',
    'git@h.example:c.git#main',
    'https://h.example/e',
    '$URL',
    'https://h.example/g',
  ]);
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
  ['a trigger, which a later stage sets off', 'FROM good:1 AS a\nONBUILD COPY --from=evil:1 / /\nFROM a\n'],
  ['a trigger with a mount', 'FROM good:1\nonbuild RUN --mount=from=evil:1 true\n'],
  [
    'a trigger, which the escape directive does not hold for',
    '# escape=`\nFROM good:1\nONBUILD COPY --fr\\om=evil:1 / /\n',
  ],
  ['what is no script behind ONBUILD', 'FROM good:1\nONBUILD CMD cat <<E\nFROM evil:1\nE\n'],
  ['a comment with a separator of lines of Unicode', 'FROM good:1\n# \u2028\\\nFROM evil:1\n'],
  ['a comment with a carriage return', 'FROM good:1\n# a\rb\\\nFROM evil:1\n'],
  ['a mark that is a blank to JavaScript alone', 'FROM good:1\nRUN a\ufeff<<E\nFROM evil:1\nE\n'],
])('hides no image: %s', (_, text) => {
  expect(images(text).all).toContain('evil:1');
});

test('a number is a stage for COPY alone', () => {
  expect(images('FROM good:1\nFROM 0\nCOPY --from=0 / /\n')).toMatchObject({
    all: ['good:1', '0'],
    base: '0',
  });
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
  ['a letter whose last byte ends a flag', 'FROM good:1\nRUN --mount=target=/à--mount=from=evil:1 true\n'],
  ['an instruction that Go calls ONBUILD', 'FROM good:1\nONBU\u0130LD COPY --from=evil:1 / /\n'],
])('what builders might read in two ways is refused: %s', (_, text) => {
  expect(() => images(text)).toThrow(expect.objectContaining({ code: 'USAGE' }));
});

const triggered = (text: string, ...triggers: string[]) =>
  imagesInTriggers(triggers, images(text).builtOn.get('base:1') ?? []).all;

test('a trigger takes files from the stages that there are before its base, and from images', () => {
  const text = 'FROM a:1 AS one\nFROM base:1 AS two\nFROM b:1 AS three\n';
  expect(triggered(text, 'COPY --from=one / /', 'copy --from=0 / /')).toEqual(['a:1']);
  expect(triggered(text, 'COPY --from=three / /', 'COPY --from=2 / /')).toEqual(['three', '2']);
  expect(triggered(text, 'RUN --mount=type=bind,from=evil:1,target=/x true')).toEqual(['evil:1']);
  expect(triggered(text, '# escape=`\nCOPY --fr`\nom=evil:1 / /')).toEqual(['evil:1']);
  expect(triggered(text, 'ONBUILD COPY --from=evil:1 / /')).toEqual(['evil:1']);
  expect(triggered(text, 'ENV A=--from=x', 'COPY a --from=b')).toEqual([]);
});

test('an image that is built on twice has its triggers read for each place', () => {
  const text = 'FROM base:1 AS one\nFROM a:1 AS two\nFROM base:1\n';
  expect(triggered(text, 'COPY --from=two / /')).toEqual(['two', 'a:1']);
});
