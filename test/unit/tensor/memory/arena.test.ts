import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Arena, type Block } from '../../../../packages/tensor/src/memory/arena.js';

const MIB = 2 ** 20;

describe('arena', () => {
  it('rounds up, hands a free block out again, and does not give memory back', () => {
    const arena = new Arena();
    const a = arena.allocate(100);
    expect([a.size, arena.inUse, arena.residentBytes]).toEqual([256, 256, 256]);

    arena.free(a);
    const b = arena.allocate(200);
    expect(b.start).toBe(0);
    expect(arena.residentBytes).toBe(256);

    arena.free(b);
    expect([arena.inUse, arena.residentBytes]).toEqual([0, 256]);
  });

  it('takes a free block whole where less than half of it would be left', () => {
    const arena = new Arena();
    const large = arena.allocate(10 * MIB);
    expect(large.size).toBe(16 * MIB);
    // The rest of the region is part of the block: what comes next needs a region of its own.
    arena.allocate(MIB);
    expect(arena.inUse).toBe((16 + 32) * MIB - 31 * MIB);
    expect(arena.residentBytes).toBe(11 * MIB);
  });

  it('joins free neighbours', () => {
    const arena = new Arena();
    const blocks = Array.from({ length: 4 }, () => arena.allocate(MIB / 4));
    for (const i of [0, 2, 1]) arena.free(blocks[i] as Block); // there are four
    const joined = arena.allocate((3 * MIB) / 4);
    expect([joined.region, joined.start]).toEqual([0, 0]);
    expect(arena.residentBytes).toBe(MIB);
  });

  it('never lets blocks overlap, and needs at least what is in use', () => {
    const step = fc.record({ bytes: fc.integer({ min: 1, max: 3 * MIB }), frees: fc.nat(20) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const arena = new Arena();
        const held: { block: Block; bytes: number }[] = [];
        let most = 0;
        for (const { bytes, frees } of steps) {
          held.push({ block: arena.allocate(bytes), bytes });
          most = Math.max(
            most,
            held.reduce((n, h) => n + h.bytes, 0),
          );
          const [gone] = frees < held.length ? held.splice(frees, 1) : [];
          if (gone) arena.free(gone.block);
        }
        const places = held
          .map(({ block }) => ({ region: block.region, start: block.start, end: block.start + block.size }))
          .sort((a, b) => a.region - b.region || a.start - b.start);
        places.forEach((place, i) => {
          const next = places[i + 1];
          if (next?.region === place.region) expect(next.start).toBeGreaterThanOrEqual(place.end);
        });
        expect(arena.inUse).toBe(places.reduce((n, p) => n + p.end - p.start, 0));
        expect(arena.residentBytes).toBeGreaterThanOrEqual(most);
      }),
    );
  });
});
