import { AnswerCache } from '@residency/service-reward-rubric';
import { expect, test } from 'vitest';

test('keeps what was used last, up to its characters', () => {
  const cache = new AnswerCache(10);
  cache.set('a', 'aaaa');
  cache.set('b', 'bbbb');

  cache.get('a');
  cache.set('c', 'cc');
  cache.set('d', 'd');

  expect(['a', 'b', 'c', 'd'].map((key) => cache.get(key))).toEqual(['aaaa', undefined, 'cc', 'd']);
});

test('replaces an answer, and keeps none that is longer than everything', () => {
  const cache = new AnswerCache(4);
  cache.set('a', 'aaaa');
  cache.set('a', 'bb');
  cache.set('b', 'cc');
  cache.set('c', 'ddddd');

  expect(['a', 'b', 'c'].map((key) => cache.get(key))).toEqual(['bb', 'cc', undefined]);
  expect(cache.size).toBe(2);
});
