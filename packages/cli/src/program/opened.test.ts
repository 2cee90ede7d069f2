import { expect, test } from 'vitest';
import { Opened } from './opened.ts';

test('everything is closed, what was opened last first, also where something cannot be', async () => {
  const closed: string[] = [];
  const opened = new Opened();
  const closing = (name: string, fails = false) => ({
    close: async () => {
      closed.push(name);
      if (fails) throw new Error(`${name} cannot be closed`);
    },
  });
  opened.add(closing('database'));
  expect(opened.add(closing('client', true))).toHaveProperty('close');
  opened.add({ close: () => void closed.push('image') });
  await expect(opened.close()).rejects.toThrow('client cannot be closed');
  expect(closed).toEqual(['image', 'client', 'database']);
  await opened.close();
  expect(closed).toHaveLength(3);
});
