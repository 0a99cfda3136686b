import { type GroupGrades, ResidencyError, type SampledGroup, type Unit } from '@residency/protocol';
import type { Redis } from 'ioredis';
import { createKeys, type Keys } from './keys.js';
import { redisCall } from './redis-call.js';
import { runScript } from './scripts/script.js';
import { writeLedgerScript } from './scripts/write-ledger.js';

/** `written`: this write is the one that counts; `exists`: another was first; `closed`: the unit takes no more. */
export type LedgerOutcome = 'written' | 'exists' | 'closed';

/** A sampled group with its grades. */
export interface GradedGroup {
  readonly group: SampledGroup;
  readonly grades: GroupGrades;
}

/**
 * Entries per command: a group of completions is about 20 KB, one of long episodes some MB, and a large reply would hold up
 * everybody else.
 */
const READ_BATCH = 4;

/** The groups and grades of the units that are at work; written once, emptied by the commit. */
export class Ledger {
  readonly #redis: Redis;
  readonly #keys: Keys;

  constructor(redis: Redis, prefix: string) {
    this.#redis = redis;
    this.#keys = createKeys(prefix);
  }

  writeGroup(jobId: string, unit: Unit, group: SampledGroup): Promise<LedgerOutcome> {
    return this.#write(jobId, unit, `group:${group.index}`, group);
  }

  writeGrades(jobId: string, unit: Unit, grades: GroupGrades): Promise<LedgerOutcome> {
    return this.#write(jobId, unit, `grades:${grades.index}`, grades);
  }

  async readGroup(jobId: string, unit: Unit, index: number): Promise<SampledGroup | null> {
    return (await this.#read(jobId, unit, [`group:${index}`]))[0] as SampledGroup | null;
  }

  async readGrades(jobId: string, unit: Unit, index: number): Promise<GroupGrades | null> {
    return (await this.#read(jobId, unit, [`grades:${index}`]))[0] as GroupGrades | null;
  }

  /**
   * All groups of a unit in index order, whatever the order they came in.
   * @throws ResidencyError `group_missing` naming the first index without group or grades.
   */
  async readUnit(jobId: string, unit: Unit, count: number): Promise<GradedGroup[]> {
    const all: GradedGroup[] = [];
    for (let start = 0; start < count; start += READ_BATCH) {
      const indexes = Array.from(
        { length: Math.min(READ_BATCH, count - start) },
        (_, offset) => start + offset,
      );
      const names = indexes.flatMap((index) => [`group:${index}`, `grades:${index}`]);
      const entries = await this.#read(jobId, unit, names);
      for (const [offset, index] of indexes.entries()) {
        const group = entries[2 * offset] as SampledGroup | null;
        const grades = entries[2 * offset + 1] as GroupGrades | null;
        if (group === null || grades === null) {
          const what = group === null ? 'group' : 'grades';
          throw new ResidencyError(
            'group_missing',
            `ledger of ${jobId} ${unit.phase} ${unit.step}: no ${what} ${index}`,
          );
        }
        all.push({ group, grades });
      }
    }
    return all;
  }

  /** Drops what an ended job left behind. */
  async drop(jobId: string, unit: Unit): Promise<void> {
    await redisCall(this.#redis.del(this.#keys.ledger(jobId, unit)));
  }

  async #write(jobId: string, unit: Unit, name: string, entry: unknown): Promise<LedgerOutcome> {
    const keys = [this.#keys.ledger(jobId, unit), this.#keys.job(jobId)];
    const answer = runScript(this.#redis, writeLedgerScript, keys, [name, JSON.stringify(entry)]);
    return (await redisCall(answer)) as LedgerOutcome;
  }

  async #read(jobId: string, unit: Unit, names: readonly string[]): Promise<unknown[]> {
    const texts = await redisCall(this.#redis.hmget(this.#keys.ledger(jobId, unit), ...names));
    return texts.map((text) => (text === null ? null : (JSON.parse(text) as unknown)));
  }
}
