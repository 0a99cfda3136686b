import {
  type ChatOutcome,
  type ChatQuestion,
  createGrader,
  createHostedGrader,
  createItemCheck,
  type GraderHost,
  ungradedBy,
} from '@residency/rubric';
import { describe, expect, test } from 'vitest';

const spec = {
  type: 'crpo',
  name: 'clinical',
  profile: 'crpo-paper',
  crossref: { test: 'judge', model: 'judge-1' },
  loopholes: 'off',
};
const item = { gold: 'C' };
const completion = '<dx>fever, stiff neck</dx><conclusion>so it is meningitis \\boxed{C}</conclusion>';

/** A host whose model answers what it is told to; texts are graded by the grader itself. */
function hostOf(answer: (question: ChatQuestion) => ChatOutcome): {
  host: GraderHost;
  asked: ChatQuestion[];
} {
  const asked: ChatQuestion[] = [];
  const host: GraderHost = {
    text: async (grader, sample) => createGrader(grader).grade(sample),
    chat: async (question) => {
      asked.push(question);
      return answer(question);
    },
    python: async () => {
      throw new Error('nothing runs Python here');
    },
  };
  return { host, asked };
}

const verdict =
  (result: unknown, conclusion = 'the findings are named') =>
  (): ChatOutcome => ({
    ok: true,
    body: JSON.stringify({
      choices: [
        {
          finish_reason: 'stop',
          message: { content: JSON.stringify({ steps: [{ description: 'read', conclusion }], result }) },
        },
      ],
    }),
  });

const grade = (host: GraderHost, text = completion) =>
  createHostedGrader(spec).grade({ item, completion: text }, host);

describe('cross-references that a model judges', () => {
  test('earn the bonus by its verdict, with its reason', async () => {
    const { host, asked } = hostOf(verdict('cites'));
    const given = await grade(host);
    expect(given.total).toBe(12);
    const [, reasoning] = given.components;
    expect(reasoning).toMatchObject({ name: 'clinical_reasoning', value: 1.5 });
    expect(reasoning?.reason).toContain('judge-1 chose cites');
    expect(reasoning?.reason).toContain('the findings are named');
    expect(asked).toHaveLength(1);
    expect(asked[0]?.model).toBe('judge-1');
    expect(JSON.stringify(asked[0]?.body)).toContain('fever, stiff neck');
    expect((await grade(hostOf(verdict('does_not_cite')).host)).total).toBe(11.5);
  });

  test('are not asked about without the structure', async () => {
    const { host, asked } = hostOf(verdict('cites'));
    expect((await grade(host, 'only text \\boxed{C}')).total).toBe(10.5);
    expect(asked).toEqual([]);
  });

  test('earn nothing where the answer is no verdict, and cost the sample its grade where there is no answer', async () => {
    const unclear = await grade(hostOf(verdict('perhaps')).host);
    expect(unclear.total).toBe(11.5);
    expect(unclear.components[1]?.reason).toContain('result is perhaps, none of the labels');
    const late = hostOf(() => ({ ok: false, code: 'model_deadline', detail: 'late' }));
    expect(ungradedBy(await grade(late.host))?.code).toBe('model_deadline');
  });

  test('need a host and a model, and say so', () => {
    expect(() => createGrader(spec)).toThrow('needs a host');
    expect(() => createHostedGrader({ ...spec, crossref: { test: 'judge' } })).toThrow(
      'grader.crossref.model is absent, want a string of 1 to 128 characters',
    );
    expect(() => createItemCheck(spec)({ gold: 'CC' })).toThrow('item.gold is "CC"');
    expect(() => createItemCheck(spec)(item)).not.toThrow();
  });
});

describe('cross-references that rows state', () => {
  const stated = (row: object) =>
    createGrader({ ...spec, crossref: 'stated' }).grade({ item: { ...item, ...row }, completion });

  test('are what the row says', () => {
    expect(stated({ crossref: true }).total).toBe(12);
    expect(stated({ crossref: false }).total).toBe(11.5);
    expect(stated({}).components[1]?.reason).toContain('the row does not say');
    expect(stated({ crossref: true, crossref_reason: 'two\nreaders agree' }).components[1]?.reason).toContain(
      'cites: two readers agree',
    );
  });
});
