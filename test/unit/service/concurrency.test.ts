import { Mutex, pause, ResourceTable, withDeadline } from '@residency/service';
import { describe, expect, it } from 'vitest';

describe('Mutex', () => {
  it('runs tasks one at a time in the order of asking, failures included', async () => {
    const mutex = new Mutex();
    const events: string[] = [];
    const task = (name: string, fails = false) =>
      mutex.run(async () => {
        events.push(`${name} in`);
        await new Promise((resolve) => setImmediate(resolve));
        events.push(`${name} out`);
        if (fails) throw new Error(name);
      });

    const results = await Promise.allSettled([task('a'), task('b', true), task('c')]);

    expect(events).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('does not start a task whose caller gave up while waiting', async () => {
    const mutex = new Mutex();
    const controller = new AbortController();
    let isStarted = false;
    const first = mutex.run(() => new Promise<void>((resolve) => setImmediate(resolve)));
    const second = mutex.run(async () => {
      isStarted = true;
    }, controller.signal);
    controller.abort();

    await first;
    await expect(second).rejects.toThrow();
    expect(isStarted).toBe(false);
    await expect(mutex.run(async () => 'free')).resolves.toBe('free');
  });
});

describe('ResourceTable', () => {
  it('opens a name once, and again after a failure', async () => {
    let opened = 0;
    const closed: string[] = [];
    const table = new ResourceTable<string>(
      async (name) => {
        opened += 1;
        if (opened === 1) throw new Error('not yet');
        return name;
      },
      async (name) => void closed.push(name),
    );

    await expect(table.get('a')).rejects.toThrow('not yet');
    const both = await Promise.all([table.get('a'), table.get('a')]);
    await table.close();

    expect(both).toEqual(['a', 'a']);
    expect(opened).toBe(2);
    expect(closed).toEqual(['a']);
  });
});

describe('withDeadline', () => {
  it('gives the outcome in time, or names what was late', async () => {
    await expect(withDeadline(Promise.resolve(3), 1_000, 'answer')).resolves.toBe(3);
    await expect(withDeadline(new Promise(() => undefined), 20, 'answer')).rejects.toMatchObject({
      code: 'deadline_exceeded',
      message: 'answer: not done within 20 ms',
    });
  });
});

describe('pause', () => {
  it('ends at once when its signal aborts', async () => {
    const controller = new AbortController();
    const waiting = pause(60_000, controller.signal);
    controller.abort();

    await expect(waiting).resolves.toBeUndefined();
    await expect(pause(60_000, AbortSignal.abort())).resolves.toBeUndefined();
  });
});
