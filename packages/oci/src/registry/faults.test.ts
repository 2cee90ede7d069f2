import { describe, expect, test } from 'vitest';
import { isNotFound } from '../errors.ts';
import { buildImageManifest } from '../manifest/build.ts';
import { mediaTypes } from '../manifest/media-types.ts';
import { digestOf } from '../reference/digest.ts';
import { impatient, quick } from '../testing/options.ts';
import { json, startRaw, startScripted } from '../testing/server.ts';
import { openRepository } from './client.ts';

const content = new TextEncoder().encode('the content of a blob');
const blob = { digest: digestOf(content), size: content.length };
const image = buildImageManifest({ layers: [] });
const fault = (code: string) => expect.objectContaining({ code, kind: 'fault' });
const head = 'HTTP/1.1 200 OK\r\n';

describe('a blob that is not what was asked for never comes through as one', () => {
  test.each<[string, string, (write: (text: string) => void, end: () => void) => void]>([
    [
      'other bytes of the same length',
      'OCI_DIGEST_MISMATCH',
      (write, end) => {
        write(`${head}Content-Length: ${blob.size}\r\n\r\n${'x'.repeat(blob.size)}`);
        end();
      },
    ],
    [
      'a shorter Content-Length',
      'OCI_SIZE_MISMATCH',
      (write, end) => {
        write(`${head}Content-Length: 3\r\n\r\nthe`);
        end();
      },
    ],
    [
      'a longer Content-Length',
      'OCI_SIZE_MISMATCH',
      (write) => write(`${head}Content-Length: 999999999999\r\n\r\nthe`),
    ],
    [
      'less than announced, chunked',
      'OCI_SIZE_MISMATCH',
      (write, end) => {
        write(`${head}Transfer-Encoding: chunked\r\n\r\n3\r\nthe\r\n0\r\n\r\n`);
        end();
      },
    ],
    [
      'more than announced, chunked',
      'OCI_SIZE_MISMATCH',
      (write) =>
        write(
          `${head}Transfer-Encoding: chunked\r\n\r\n${(blob.size + 1).toString(16)}\r\n${'x'.repeat(blob.size + 1)}\r\n`,
        ),
    ],
    [
      'a body that is cut off',
      'OCI_UNREACHABLE',
      (write, end) => {
        write(`${head}Content-Length: ${blob.size}\r\n\r\nthe`);
        end();
      },
    ],
    [
      'a chunked body that is cut off',
      'OCI_UNREACHABLE',
      (write, end) => {
        write(`${head}Transfer-Encoding: chunked\r\n\r\n3\r\nthe\r\n`);
        end();
      },
    ],
    [
      'a body that stops coming',
      'OCI_TIMEOUT',
      (write) => write(`${head}Content-Length: ${blob.size}\r\n\r\nthe`),
    ],
    ['no answer at all', 'OCI_TIMEOUT', () => {}],
    ['half a header', 'OCI_TIMEOUT', (write) => write('HTTP/1.1 200 OK\r\nContent-')],
    ['a closed connection', 'OCI_UNREACHABLE', (_, end) => end()],
    [
      'what is not HTTP',
      'OCI_RESPONSE_INVALID',
      (write, end) => {
        write('SSH-2.0-OpenSSH_9.2\r\n\r\n');
        end();
      },
    ],
    [
      'a header without end',
      'OCI_RESPONSE_INVALID',
      (write) => write(`${head}${'X-A: b\r\n'.repeat(20_000)}`),
    ],
  ])('%s', async (_, code, answer) => {
    const { host } = await startRaw((socket) =>
      answer(
        (text) => socket.write(text),
        () => socket.end(),
      ),
    );
    const repository = openRepository(`${host}/app`, code === 'OCI_TIMEOUT' ? impatient : quick);
    await expect(repository.getBlob(blob)).rejects.toThrow(fault(code));
  });

  test('a reader of the stream gets the error instead of the end', async () => {
    const { host } = await startRaw((socket) =>
      socket.end(`${head}Content-Length: ${blob.size}\r\n\r\n${'x'.repeat(blob.size)}`),
    );
    const stream = await openRepository(`${host}/app`, quick).openBlob(blob);
    const read = async () => {
      for await (const _ of stream);
    };
    await expect(read()).rejects.toThrow(fault('OCI_DIGEST_MISMATCH'));
  });

  test('a stream that is cancelled, before or after its first bytes, lets its connection go', async () => {
    let open = 0;
    const { host } = await startRaw((socket) => {
      open++;
      socket.on('close', () => open--);
      socket.write(`${head}Content-Length: ${blob.size}\r\n\r\nthe`);
    });
    const repository = openRepository(`${host}/app`, quick);
    await (await repository.openBlob(blob)).cancel();
    const reader = (await repository.openBlob(blob)).getReader();
    await reader.read();
    await reader.cancel();
    await expect.poll(() => open).toBe(0);
  });

  test('a registry that sends one byte now and then is given up', async () => {
    const { host } = await startRaw((socket) => {
      socket.write(`${head}Content-Length: ${blob.size}\r\n\r\n`);
      const timer = setInterval(() => socket.write('x'), 10);
      socket.on('close', () => clearInterval(timer));
    });
    await expect(openRepository(`${host}/app`, impatient).getBlob(blob)).rejects.toThrow(
      fault('OCI_TIMEOUT'),
    );
  });

  test('a reader that takes its time is not mistaken for a slow registry', async () => {
    const big = new Uint8Array(3_000_000).fill(1);
    const { host } = await startScripted((_, response) => void response.end(big));
    const stream = await openRepository(`${host}/app`, { ...quick, limits: { inactivityMs: 400 } }).openBlob({
      digest: digestOf(big),
      size: big.length,
    });
    let size = 0;
    for await (const chunk of stream) {
      if (size === 0) await new Promise((resolve) => setTimeout(resolve, 500));
      size += chunk.length;
    }
    expect(size).toBe(big.length);
  });
});

describe('what a registry says instead of a manifest', () => {
  test.each<[string, string, number, string, Record<string, string>]>([
    ['not found', 'OCI_NOT_FOUND', 404, '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"no"}]}', {}],
    ['not found, as a web page', 'OCI_NOT_FOUND', 404, '<html>', { 'content-type': 'text/html' }],
    ['its own trouble', 'OCI_SERVER_ERROR', 500, '', {}],
    ['overload', 'OCI_SERVER_ERROR', 503, '', {}],
    ['a rate limit', 'OCI_RATE_LIMITED', 429, '', { 'retry-after': '3600' }],
    ['a refusal', 'OCI_FORBIDDEN', 403, '{"errors":[{"code":"DENIED","message":"no"}]}', {}],
    ['a challenge nobody can meet', 'OCI_UNAUTHORIZED', 401, '', {}],
    ['a teapot', 'OCI_RESPONSE_INVALID', 418, '', {}],
    ['nothing', 'OCI_RESPONSE_INVALID', 204, '', {}],
    ['a login page', 'OCI_MANIFEST_INVALID', 200, '<html>', {}],
    ['a login page that says so', 'OCI_MANIFEST_INVALID', 200, '<html>', { 'content-type': 'text/html' }],
    ['half a manifest', 'OCI_MANIFEST_INVALID', 200, new TextDecoder().decode(image.bytes).slice(0, 40), {}],
    [
      'another digest than its bytes have',
      'OCI_DIGEST_MISMATCH',
      200,
      new TextDecoder().decode(image.bytes),
      { 'docker-content-digest': digestOf(content) },
    ],
    [
      'an index under the name of an image',
      'OCI_MANIFEST_INVALID',
      200,
      new TextDecoder().decode(image.bytes),
      { 'content-type': mediaTypes.ociIndex },
    ],
  ])('%s', async (_, code, status, body, headers) => {
    const { host } = await startScripted(
      (_request, response) => void response.writeHead(status, headers).end(body),
    );
    await expect(openRepository(`${host}/app`, quick).getManifest('v1')).rejects.toThrow(
      expect.objectContaining({ code }),
    );
    if (status !== 200 && status !== 204) {
      await expect(openRepository(`${host}/app`, quick).resolve('v1')).rejects.toThrow(
        expect.objectContaining({ code }),
      );
    }
  });

  test('not found is told apart from every fault', async () => {
    const { host } = await startScripted((_, response) => json(response, 404, {}));
    const error = await openRepository(`${host}/app`, quick)
      .resolve('v1')
      .catch((thrown: unknown) => thrown);
    expect(isNotFound(error)).toBe(true);
    const down = await openRepository('127.0.0.1:1/app', quick)
      .resolve('v1')
      .catch((thrown: unknown) => thrown);
    expect(down).toMatchObject({ code: 'OCI_UNREACHABLE', kind: 'fault' });
    expect(isNotFound(down)).toBe(false);
  });

  test.each([
    ['says the digest that was asked for', digestOf(content)],
    ['truly says which manifest it sent instead', image.descriptor.digest],
    ['says nothing', undefined],
  ])('another manifest than the digest asked for is refused when the header %s', async (_, claimed) => {
    const headers = {
      'content-type': mediaTypes.ociManifest,
      'content-length': image.bytes.length,
      ...(claimed && { 'docker-content-digest': claimed }),
    };
    const { host } = await startScripted((request, response) => {
      response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : image.bytes);
    });
    const repository = openRepository(`${host}/app`, quick);
    await expect(repository.getManifest(digestOf(content))).rejects.toThrow(fault('OCI_DIGEST_MISMATCH'));
    if (claimed !== digestOf(content)) {
      await expect(repository.resolve(digestOf(content))).rejects.toThrow(fault('OCI_DIGEST_MISMATCH'));
    }
  });

  test('a manifest without end is cut off at 4 MiB', async () => {
    let sent = 0;
    const { host } = await startScripted((_, response) => {
      response.writeHead(200, { 'content-type': mediaTypes.ociManifest });
      const more = () => {
        while (!response.destroyed && response.write(' '.repeat(65_536))) sent += 65_536;
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    await expect(openRepository(`${host}/app`, quick).getManifest('v1')).rejects.toThrow(
      fault('OCI_SIZE_EXCEEDED'),
    );
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  test('an answer that is refused half-way loses its connection', async () => {
    let open = 0;
    const { host } = await startRaw((socket) => {
      open++;
      socket.on('close', () => open--);
      socket.write(
        `${head}Transfer-Encoding: chunked\r\n\r\n${(5_000_000).toString(16)}\r\n${' '.repeat(5_000_000)}`,
      );
    });
    await expect(openRepository(`${host}/app`, quick).getManifest('v1')).rejects.toThrow(
      fault('OCI_SIZE_EXCEEDED'),
    );
    await expect.poll(() => open).toBe(0);
  });

  test('a blob over the limit is refused without asking', async () => {
    const { host, seen } = await startScripted((_, response) => void response.end());
    const repository = openRepository(`${host}/app`, quick);
    await expect(repository.getBlob({ ...blob, size: 65 * 1024 * 1024 })).rejects.toThrow(
      fault('OCI_SIZE_EXCEEDED'),
    );
    await expect(repository.openBlob(blob, { maxBytes: 3 })).rejects.toThrow(fault('OCI_SIZE_EXCEEDED'));
    expect(seen).toEqual([]);
  });

  test('text of the registry is made safe to print, and its query strings are not shown', async () => {
    const { host } = await startScripted((_, response) =>
      json(response, 403, { errors: [{ code: 'DENIED', message: '\u001b[2Jgone' }] }),
    );
    const error = (await openRepository(`${host}/app`, quick)
      .getManifest('v1')
      .catch((thrown: unknown) => thrown)) as Error;
    expect(error.message).toContain('DENIED');
    expect(error.message).not.toContain('\u001b');
  });

  test('a tag that would change the URL is refused before anything is sent', async () => {
    const { host, seen } = await startScripted((_, response) => void response.end());
    const repository = openRepository(`${host}/app`, quick);
    for (const tag of ['../../_catalog', 'a/b', 'a?b', 'a#b', '', 'sha256:abc', 'a b', '.', '..']) {
      await expect(repository.getManifest(tag)).rejects.toThrow(
        expect.objectContaining({ code: 'OCI_REFERENCE_INVALID' }),
      );
    }
    expect(seen).toEqual([]);
  });
});

describe('resolving', () => {
  test('HEAD is enough where it tells everything', async () => {
    const { host, seen } = await startScripted(
      (_, response) =>
        void response
          .writeHead(200, {
            'content-type': mediaTypes.ociManifest,
            'content-length': image.bytes.length,
            'docker-content-digest': image.descriptor.digest,
          })
          .end(),
    );
    expect(await openRepository(`${host}/app`, quick).resolve('v1')).toEqual(image.descriptor);
    expect(seen.map(({ method }) => method)).toEqual(['HEAD']);
  });

  test.each<[string, number, Record<string, string>]>([
    ['does not know HEAD', 405, {}],
    ['names no digest', 200, { 'content-type': mediaTypes.ociManifest, 'content-length': '5' }],
    ['names no type', 200, { 'docker-content-digest': image.descriptor.digest, 'content-length': '5' }],
    [
      'names no length',
      200,
      { 'docker-content-digest': image.descriptor.digest, 'content-type': mediaTypes.ociManifest },
    ],
    [
      'names a digest that is none',
      200,
      { 'docker-content-digest': 'sha256:x', 'content-type': mediaTypes.ociManifest, 'content-length': '5' },
    ],
  ])('a registry that %s is asked by GET', async (_, status, headers) => {
    const { host, seen } = await startScripted((request, response) => {
      if (request.method === 'HEAD') response.writeHead(status, headers).end();
      else response.writeHead(200, { 'content-type': mediaTypes.ociManifest }).end(image.bytes);
    });
    expect(await openRepository(`${host}/app`, quick).resolve('v1')).toEqual(image.descriptor);
    expect(seen.map(({ method }) => method)).toEqual(['HEAD', 'GET']);
  });
});

describe('the caller decides how long it waits', () => {
  test('its deadline is a time-out, its wish to stop is not', async () => {
    const { host } = await startScripted(() => {});
    const repository = openRepository(`${host}/app`, { ...quick, limits: { inactivityMs: 60_000 } });
    await expect(repository.getManifest('v1', { signal: AbortSignal.timeout(30) })).rejects.toThrow(
      fault('OCI_TIMEOUT'),
    );
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 30);
    await expect(repository.getManifest('v1', { signal: controller.signal })).rejects.toThrow(
      fault('OCI_CANCELLED'),
    );
    await expect(repository.getManifest('v1', { signal: AbortSignal.abort() })).rejects.toThrow(
      fault('OCI_CANCELLED'),
    );
  });

  test('also while a body is coming, and while waiting to try again', async () => {
    const { host } = await startScripted((request, response) => {
      if (request.path.includes('/blobs/'))
        response.writeHead(200, { 'content-length': blob.size }).write('the');
      else response.writeHead(503, { 'retry-after': '30' }).end();
    });
    const repository = openRepository(`${host}/app`, {
      ...quick,
      limits: { inactivityMs: 60_000 },
      retry: { attempts: 5, maxDelayMs: 60_000 },
    });
    await expect(repository.getBlob(blob, { signal: AbortSignal.timeout(30) })).rejects.toThrow(
      fault('OCI_TIMEOUT'),
    );
    await expect(repository.getManifest('v1', { signal: AbortSignal.timeout(30) })).rejects.toThrow(
      fault('OCI_TIMEOUT'),
    );
  });
});

describe('trying again', () => {
  test.each([408, 429, 500, 502, 503, 504])('status %i is tried again until it passes', async (status) => {
    let left = 2;
    const { host, seen } = await startScripted((_, response) => {
      if (left-- > 0) response.writeHead(status, { 'retry-after': '0' }).end();
      else response.writeHead(200, { 'content-type': mediaTypes.ociManifest }).end(image.bytes);
    });
    await openRepository(`${host}/app`, quick).getManifest('v1');
    expect(seen).toHaveLength(3);
  });

  test.each([
    [2, 'until it passes', 3],
    [9, 'no more often than the policy says', 3],
  ])('a manifest whose digest a registry calls wrong, %i times: %s', async (times, _, tries) => {
    let left = times;
    const { host, seen } = await startScripted((request, response) => {
      if (request.method !== 'PUT') return void response.writeHead(404).end();
      if (left-- > 0) json(response, 400, { errors: [{ code: 'DIGEST_INVALID', message: 'no match' }] });
      else response.writeHead(201).end();
    });
    const pushed = openRepository(`${host}/app`, quick).putManifest(image.bytes, mediaTypes.ociManifest);
    if (times < tries) expect((await pushed).digest).toBe(image.descriptor.digest);
    else await expect(pushed).rejects.toThrow(expect.objectContaining({ code: 'OCI_PUSH_REJECTED' }));
    const bodies = seen.filter(({ method }) => method === 'PUT').map(({ body }) => digestOf(body));
    expect(bodies).toEqual(Array(tries).fill(image.descriptor.digest));
  });

  test('but no other refusal of a manifest', async () => {
    const { host, seen } = await startScripted((_, response) =>
      json(response, 400, { errors: [{ code: 'MANIFEST_INVALID', message: 'no' }] }),
    );
    await expect(
      openRepository(`${host}/app`, quick).putManifest(image.bytes, mediaTypes.ociManifest),
    ).rejects.toThrow(expect.objectContaining({ code: 'OCI_PUSH_REJECTED' }));
    expect(seen.filter(({ method }) => method === 'PUT')).toHaveLength(1);
  });

  test('only as often as the policy says', async () => {
    const { host, seen } = await startScripted((_, response) => void response.writeHead(503).end());
    await expect(openRepository(`${host}/app`, quick).getManifest('v1')).rejects.toThrow(
      fault('OCI_SERVER_ERROR'),
    );
    expect(seen).toHaveLength(3);
  });

  test('not where the registry wants to be left alone for longer than that', async () => {
    const { host, seen } = await startScripted(
      (_, response) => void response.writeHead(429, { 'retry-after': '3600' }).end(),
    );
    await expect(openRepository(`${host}/app`, quick).getManifest('v1')).rejects.toThrow(
      expect.objectContaining({ code: 'OCI_RATE_LIMITED', remedy: expect.stringContaining('3600') }),
    );
    expect(seen).toHaveLength(1);
  });

  test('a connection that breaks every time is tried as often, not more', async () => {
    let asked = 0;
    const { host } = await startRaw((socket) => {
      asked++;
      socket.destroy();
    });
    await expect(openRepository(`${host}/app`, quick).getManifest('v1')).rejects.toThrow(
      fault('OCI_UNREACHABLE'),
    );
    expect(asked).toBe(3);
  });

  test('not after an answer', async () => {
    for (const status of [400, 403, 404, 418]) {
      const { host, seen } = await startScripted((_, response) => void response.writeHead(status).end());
      await expect(openRepository(`${host}/app`, quick).getManifest('v1')).rejects.toThrow();
      expect(seen).toHaveLength(1);
    }
  });

  test('a connection that breaks in the middle of a body', async () => {
    let left = 1;
    const { host } = await startScripted((_, response) => {
      response.writeHead(200, { 'content-length': content.length });
      if (left-- > 0) response.write(content.subarray(0, 4), () => response.destroy());
      else response.end(content);
    });
    expect(await openRepository(`${host}/app`, quick).getBlob(blob)).toEqual(content);
  });
});
