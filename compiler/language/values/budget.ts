/**
 * Answers for the work and memory that the expansion of one spec may take. The language has blocks, loops and lists that can ask
 * for any amount of either; every honest spec stays far below these limits, and what exceeds one is stopped at its place.
 */
import type { Block } from '../../../dsl/ast.ts';
import { mostMistakes } from '../../../dsl/diagnostic.ts';
import type { Span } from '../../../dsl/source.ts';
import { tokenLimit } from '../../../dsl/tokens.ts';
import type { Value } from './values.ts';

/** What is counted, and how much of it one spec may take. */
export const limits = {
  /** Expressions and statements that are evaluated. */
  steps: 600_000,
  /** Nodes of networks and losses that are written down, those of called networks included. */
  nodes: 250_000,
  /** Entries of lists that are made or looked through. */
  entries: 1_000_000,
  /** Mistakes that are found; more of them help nobody. */
  mistakes: mostMistakes,
  /** Characters of the names that nodes and variables get. */
  characters: 40_000_000,
} as const;

/** So many specs that take all that one may are in one file: its experiments, and the runs of an ablation. */
export const specsOfFile = 20;
/** So many are expanded to find the change that is to blame for a mistake. */
export const specsOfBlame = 2;

/** What a file may import, directly or through others. */
export const importLimits = {
  /** Files that import one another. */
  depth: 50,
  files: 1000,
  /** Words and signs of all files; reading one takes as much memory as reading that many of a single file. */
  tokens: tokenLimit,
} as const;

/** How deep things may lie inside one another, and how much may be inside one value. */
export const depthLimits = {
  /** Calls of blocks. */
  calls: 200,
  /** Expressions and statements, through all calls that led there; the stack of Node has room for about twice as many. */
  levels: 800,
  /** Lists in lists, and blocks with settings that are blocks. */
  values: 100,
  /** Everything inside a list, or inside the settings of a block. */
  entries: 200_000,
} as const;

export type Counted = keyof typeof limits;

/** A call takes as much of the stack as so many expressions. */
const levelsOfCall = 3;

/** Something that is being expanded: the call of a block, or the rounds of a loop. */
export interface Frame {
  readonly block: Block | undefined;
  readonly span: Span;
}

/** What was to be exceeded, and where. */
export type Excess =
  | { readonly kind: 'work'; readonly counted: Counted }
  | { readonly kind: 'total'; readonly counted: Counted; readonly limit: number }
  | { readonly kind: 'depth'; readonly of: 'calls' | 'levels' }
  | { readonly kind: 'value'; readonly of: 'values' | 'entries'; readonly span: Span };

/** Ends an expansion that would exceed its budget; whoever started the expansion reports it. */
export class BudgetSpent extends Error {
  constructor(
    readonly excess: Excess,
    /** What was being expanded, outermost first. */
    readonly frames: readonly Frame[],
  ) {
    super('the expansion exceeds its budget');
    this.name = 'BudgetSpent';
  }
}

interface Measure {
  readonly entries: number;
  readonly depth: number;
}

const leaf: Measure = { entries: 1, depth: 0 };

/** Counts what several expansions take together. */
export class Total {
  private readonly used: Record<Counted, number> = nothing();

  /** `specs` of them may take all that one may. */
  constructor(private readonly specs: number) {}

  /** The most of something that all of them may take. */
  limitOf(counted: Counted): number {
    return this.specs * limits[counted];
  }

  /** Takes an amount; tells whether there was as much. */
  spend(counted: Counted, amount: number): boolean {
    this.used[counted] += amount;
    return this.used[counted] <= this.limitOf(counted);
  }
}

const nothing = (): Record<Counted, number> => ({
  steps: 0,
  nodes: 0,
  entries: 0,
  mistakes: 0,
  characters: 0,
});

/** Counts what one expansion takes. */
export class Budget {
  /** `totals` count it beside what others take. */
  constructor(private readonly totals: readonly Total[] = []) {}

  /** What was taken so far. */
  readonly used: Record<Counted, number> = nothing();
  /** The most that lay inside one another. */
  readonly deepest = { calls: 0, levels: 0 };
  private readonly frames: Frame[] = [];
  private calls = 0;
  private level = 0;
  private readonly measures = new WeakMap<Value, Measure>();

  /** Takes an amount. Throws BudgetSpent where that is more than there is. */
  spend(counted: Counted, amount = 1): void {
    this.used[counted] += amount;
    if (this.used[counted] > limits[counted]) this.stop({ kind: 'work', counted });
    for (const total of this.totals)
      if (!total.spend(counted, amount)) this.stop({ kind: 'total', counted, limit: total.limitOf(counted) });
  }

  /** Goes into an expression or statement. Throws BudgetSpent. */
  descend(): void {
    this.level += 1;
    if (this.level > this.deepest.levels) this.deepest.levels = this.level;
    if (this.level > depthLimits.levels) this.stop({ kind: 'depth', of: 'levels' });
    this.spend('steps');
  }

  /** Comes back out of one. */
  ascend(): void {
    this.level -= 1;
  }

  /** Goes into a call of a block, or with none into a loop. Throws BudgetSpent. */
  enter(block: Block | undefined, span: Span): void {
    this.frames.push({ block, span });
    if (!block) return;
    this.calls += 1;
    this.level += levelsOfCall;
    if (this.calls > this.deepest.calls) this.deepest.calls = this.calls;
    if (this.calls > depthLimits.calls) this.stop({ kind: 'depth', of: 'calls' });
  }

  /** Comes back out of one. */
  leave(): void {
    if (!this.frames.pop()?.block) return;
    this.calls -= 1;
    this.level -= levelsOfCall;
  }

  /** Requires that a value holds no more than can be looked through. Throws BudgetSpent. */
  check(value: Value, span: Span): void {
    const { entries, depth } = this.measure(value);
    if (entries > depthLimits.entries) this.stop({ kind: 'value', of: 'entries', span });
    if (depth > depthLimits.values) this.stop({ kind: 'value', of: 'values', span });
  }

  /** Takes as many entries as there are inside values that a function looks through. Throws BudgetSpent. */
  lookThrough(values: Iterable<Value>): void {
    for (const value of values) this.spend('entries', this.measure(value).entries);
  }

  /** Counts what is inside a value; parts are counted as often as they are there, but looked at once. */
  private measure(value: Value): Measure {
    const parts = partsOf(value);
    if (!parts) return leaf;
    const known = this.measures.get(value);
    if (known) return known;
    let [entries, depth] = [1, 0];
    for (const part of parts) {
      const inner = this.measure(part);
      entries += inner.entries;
      depth = Math.max(depth, inner.depth + 1);
    }
    const measure = { entries, depth };
    this.measures.set(value, measure);
    return measure;
  }

  private stop(excess: Excess): never {
    throw new BudgetSpent(excess, [...this.frames]);
  }
}

/** Lists what is directly inside a value; undefined where a value has no inside. */
function partsOf(value: Value): Iterable<Value> | undefined {
  switch (value.kind) {
    case 'list':
      return value.items;
    case 'record':
      return value.fields.values();
    case 'block':
    case 'builtin':
      return value.bound.size === 0 ? undefined : value.bound.values();
    default:
      return undefined;
  }
}
