import { createHash } from 'node:crypto';
import { generateSigningKey } from '@pratique/crypto';
import { expect, test } from 'vitest';
import { type Document, now, VirtualRepository } from '../testing/virtual-repository.ts';
import { memoryStore } from './store.ts';
import { readTarget } from './target.ts';
import { updateFrom } from './update.ts';

const [alice, bob] = [generateSigningKey('ed25519'), generateSigningKey('ed25519')];

async function read(repository: VirtualRepository, ...targets: string[]): Promise<string[]> {
  repository.publish();
  const updated = await updateFrom(repository.mirror(), repository.bootstrap, memoryStore(), now);
  const contents: string[] = [];
  for (const target of targets) {
    contents.push(new TextDecoder().decode(await readTarget(updated, memoryStore(), target)));
  }
  return contents;
}

function delegating(paths: readonly string[], options?: Document): VirtualRepository {
  const repository = new VirtualRepository();
  const role = repository.delegate('team/a b', alice, paths, options);
  repository.addTarget('team/policy.json', 'policy', role);
  return repository;
}

test('a target of a delegated role is found, whatever the role is called', async () => {
  const repository = delegating(['team/*.json']);
  expect(await read(repository, 'team/policy.json')).toEqual(['policy']);
  expect(repository.requests).toContain('1.team/a b.json');
});

test.each([
  ['another directory', ['other/*']],
  ['no directory', ['*']],
  ['one character where there are several', ['team/?.json']],
])('a role to which %s is delegated is not asked', async (_what, paths) => {
  await expect(read(delegating(paths), 'team/policy.json')).rejects.toMatchObject({
    code: 'TUF_TARGET_NOT_FOUND',
  });
});

test('a path is delegated by the start of its hash', async () => {
  const hash = createHash('sha256').update('team/policy.json').digest('hex');
  const options = (prefix: string) => ({ paths: undefined, path_hash_prefixes: [prefix] });
  const withPrefix = (prefix: string) => {
    const repository = delegating([], options(prefix));
    delete repository.targets.delegations.roles[0].paths;
    return repository;
  };
  expect(await read(withPrefix(hash.slice(0, 2)), 'team/policy.json')).toEqual(['policy']);
  await expect(read(withPrefix(hash.startsWith('0') ? '1' : '0'), 'team/policy.json')).rejects.toMatchObject({
    code: 'TUF_TARGET_NOT_FOUND',
  });
});

test('a delegated role that another key signed is refused', async () => {
  const repository = delegating(['team/*']);
  repository.signers['team/a b'] = [bob];
  await expect(read(repository, 'team/policy.json')).rejects.toMatchObject({ code: 'TUF_THRESHOLD' });
});

test('a role that one delegator accepts is not good under another that names other keys', async () => {
  const repository = new VirtualRepository();
  const first = repository.delegate('first', alice, ['one/*']);
  const second = repository.delegate('second', alice, ['two/*']);
  const shared = repository.delegate('shared', alice, ['one/*'], { from: first });
  repository.delegate('shared', bob, ['two/*'], { from: second });
  repository.signers.shared = [alice];
  repository.addTarget('one/a', 'of Alice', shared);
  repository.addTarget('two/a', 'of Alice, where Bob is asked', shared);
  expect(await read(repository, 'one/a')).toEqual(['of Alice']);
  await expect(read(repository, 'one/a', 'two/a')).rejects.toMatchObject({ code: 'TUF_THRESHOLD' });
});

test('behind a terminating delegation nobody is asked', async () => {
  const repository = new VirtualRepository();
  repository.delegate('first', alice, ['x'], { terminating: true });
  repository.addTarget('x', 'of the second', repository.delegate('second', bob, ['x']));
  await expect(read(repository, 'x')).rejects.toMatchObject({ code: 'TUF_TARGET_NOT_FOUND' });
  repository.targets.delegations.roles[0].terminating = false;
  expect(await read(repository, 'x')).toEqual(['of the second']);
});

test('of two roles the first that has a target counts', async () => {
  const repository = new VirtualRepository();
  repository.addTarget('x', 'of the first', repository.delegate('first', alice, ['x']));
  repository.addTarget('x', 'of the second', repository.delegate('second', bob, ['x']));
  expect(await read(repository, 'x')).toEqual(['of the first']);
});

test('roles that delegate to each other come to an end', async () => {
  const repository = new VirtualRepository();
  const first = repository.delegate('first', alice, ['x']);
  const second = repository.delegate('second', bob, ['x'], { from: first });
  repository.delegate('first', alice, ['x'], { from: second });
  await expect(read(repository, 'x')).rejects.toMatchObject({ code: 'TUF_TARGET_NOT_FOUND' });
});
