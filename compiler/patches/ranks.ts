/** Numbers tuples of integers: equal tuples get equal numbers, in order of first appearance. The comparison is exact. */

const FEWEST_SLOTS = 1024;

/**
 * A dictionary of tuples of `width` integers, by open addressing. A hash only says where to look: a tuple is taken for known
 * after all its integers were compared. A slot is one integer, for the sake of the processor's cache: as many low bits as
 * choose a slot hold a tuple's number + 1, and the others are those of its hash. An empty slot is 0.
 */
export class TupleRanks {
  /** How many distinct tuples there are. */
  count = 0;
  /** The distinct tuples in order of their numbers, [count, width], and unused room behind them. */
  keys: Int32Array<ArrayBuffer>;
  private slots = new Int32Array(FEWEST_SLOTS);
  /** The bits of a hash that choose a slot. */
  private mask = FEWEST_SLOTS - 1;

  constructor(readonly width: number) {
    this.keys = new Int32Array((FEWEST_SLOTS / 2) * width);
  }

  /** Forgets all tuples but keeps the room. */
  clear(): void {
    this.count = 0;
    this.slots.fill(0);
  }

  /** Gives the number of the tuple values[at], values[at + step], ..., a new one if it was not met before; `step` is positive. */
  rank(values: Int32Array, at: number, step: number): number {
    const { width, keys, slots, mask } = this;
    const end = at + width * step;
    const hash = hashOf(values, at, end, step);
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const held = slots[slot]!;
      if (held === 0) return this.add(values, at, step, hash, slot);
      if (((held ^ hash) & ~mask) !== 0) continue;
      const number = (held & mask) - 1;
      let key = number * width;
      let from = at;
      while (from < end && keys[key] === values[from]) {
        from += step;
        key++;
      }
      if (from === end) return number;
    }
  }

  private add(values: Int32Array, at: number, step: number, hash: number, slot: number): number {
    const number = this.count++;
    const start = number * this.width;
    for (let i = 0; i < this.width; i++) this.keys[start + i] = values[at + i * step]!;
    this.slots[slot] = (hash & ~this.mask) | (number + 1);
    // At most half full: a search then meets an empty slot soon, and a number never needs more bits than a slot has.
    if (2 * this.count > this.mask) this.grow();
    return number;
  }

  private grow(): void {
    const { count, width } = this;
    const mask = 2 * this.mask + 1;
    const keys = new Int32Array(((mask + 1) / 2) * width);
    keys.set(this.keys);
    const slots = new Int32Array(mask + 1);
    for (let number = 0; number < count; number++) {
      const hash = hashOf(keys, number * width, (number + 1) * width, 1);
      let slot = hash & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = (hash & ~mask) | (number + 1);
    }
    [this.slots, this.mask, this.keys] = [slots, mask, keys];
  }
}

/** Hashes the tuple values[at], values[at + step], ... before `end` to 32 bits. */
function hashOf(values: Int32Array, at: number, end: number, step: number): number {
  let hash = 0;
  for (let from = at; from < end; from += step) hash = Math.imul(hash + values[from]!, 0x9e3779b1);
  // Multiplications carry differences towards the high bits only, and slots are chosen by the low ones.
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
