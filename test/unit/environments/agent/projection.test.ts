import { projectAction, responseOf } from '@residency/environments';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('the action of a response', () => {
  it.each([
    ['<think>why</think><action>Go to Shelf 1</action>', 'go to shelf 1', true],
    ['<THINK>a</THINK> <action> look </action>', 'look', false],
    ['<think>a</think><ACTION>look</ACTION>', 'look', true],
    ['<think>a</think><action>look</action><action>help</action>', 'look', true],
    ['<action>look</action>', 'look', false],
    ['<think>a<action>look</action>', 'look', false],
    ['<think>看</think><action>look</action>', 'look', false],
    ['<think>a</think><action>看</action>', '看', false],
    ['<think>a</think></action><action>look', '', true],
    ['<think>a</think><action></action>', '', true],
    ['<think>a</think> go to the drawer and open it slowly', ' the drawer and open it slowly', false],
    ['short', 'short', false],
    ['', '', false],
  ])('%j is %j', (response, action, isValid) => {
    expect(projectAction(response, 'household')).toEqual({ action, isValid });
  });

  it('without both tags is the last 30 characters, of a shop the last 20', () => {
    const response = 'abcdefghij'.repeat(5);

    expect(projectAction(response, 'household').action).toBe('abcdefghij'.repeat(3));
    expect(projectAction(response, 'shop').action).toBe('abcdefghij'.repeat(2));
    expect(projectAction(response, 'constructor').action).toBe('abcdefghij'.repeat(3));
    expect(projectAction('🙂'.repeat(40), 'household').action).toBe('🙂'.repeat(30));
  });

  it('is what a demonstration wrote, whatever its thought', () => {
    const text = fc.string({ maxLength: 60 }).filter((value) => !/[<>\u4e00-\u9fff]/.test(value));
    fc.assert(
      fc.property(text, text, (thought, action) => {
        expect(projectAction(responseOf(thought, action), 'ward')).toEqual({
          action: action.toLowerCase().trim(),
          isValid: true,
        });
      }),
    );
  });

  it('is read of any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (response) => {
        const { action } = projectAction(response, 'household');
        expect([...action].length).toBeLessThanOrEqual(Math.max(30, response.length * 3));
      }),
    );
  });
});
