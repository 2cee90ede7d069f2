import { describe, expect, test } from 'vitest';
import { quick } from '../testing/options.ts';
import { json, startScripted } from '../testing/server.ts';
import { openRepository } from './client.ts';
import { nextLink } from './pages.ts';

const invalid = expect.objectContaining({ code: 'OCI_RESPONSE_INVALID', kind: 'fault' });

describe('lists of tags', () => {
  test('every page is read', async () => {
    const { host } = await startScripted((request, response) => {
      const last = new URL(request.path, 'http://x').searchParams.get('last');
      if (last === null)
        json(response, 200, { tags: ['a', 'b'] }, { link: '</v2/app/tags/list?last=b>; rel="next"' });
      else json(response, 200, { tags: ['c'] });
    });
    expect(await openRepository(`${host}/app`, quick).tags()).toEqual(['a', 'b', 'c']);
  });

  test('null, which Go writes for none, is none', async () => {
    const { host } = await startScripted((_, response) => json(response, 200, { tags: null }));
    expect(await openRepository(`${host}/app`, quick).tags()).toEqual([]);
  });

  test('a list that leads back to itself ends', async () => {
    const { host, seen } = await startScripted((_, response) =>
      json(response, 200, { tags: ['a'] }, { link: '</v2/app/tags/list?last=a>; rel=next' }),
    );
    await expect(openRepository(`${host}/app`, quick).tags()).rejects.toThrow(invalid);
    expect(seen.length).toBeLessThan(4);
  });

  test('a list that never repeats itself nor ends, ends', async () => {
    const tags = Array.from({ length: 5000 }, (_, at) => `t${at}`);
    let page = 0;
    const { host, seen } = await startScripted((_, response) =>
      json(response, 200, { tags }, { link: `</v2/app/tags/list?last=${++page}>; rel="next"` }),
    );
    await expect(openRepository(`${host}/app`, quick).tags()).rejects.toThrow(invalid);
    expect(seen.length).toBeLessThan(30);
  });

  test('a next page on another host is not fetched', async () => {
    const other = await startScripted((_, response) => json(response, 200, { tags: ['evil'] }));
    const { host } = await startScripted((_, response) =>
      json(response, 200, { tags: ['a'] }, { link: `<http://${other.host}/v2/app/tags/list>; rel="next"` }),
    );
    await expect(openRepository(`${host}/app`, quick).tags()).rejects.toThrow(invalid);
    expect(other.seen).toEqual([]);
  });

  test.each([
    ['text', '{"tags":"a"}'],
    ['numbers', '{"tags":[1]}'],
    ['paths', '{"tags":["../x"]}'],
    ['a list', '[]'],
    ['half', '{"tags":["a"'],
    ['nothing', ''],
  ])('%s in place of tags is a fault', async (_, body) => {
    const { host } = await startScripted((_request, response) => void response.end(body));
    await expect(openRepository(`${host}/app`, quick).tags()).rejects.toThrow(invalid);
  });
});

test.each([
  ['</a>; rel="next"', '/a'],
  ['</a>;rel=next', '/a'],
  ['</p>; rel="prev", </n>; title="x"; rel="next"', '/n'],
  ['</a>; rel="prev next"', '/a'],
  ['</a>; rel="previous"', undefined],
  ['</a>', undefined],
  ['', undefined],
])('Link %s', (header, expected) => {
  expect(nextLink(header)).toBe(expected);
});
