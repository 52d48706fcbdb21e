/**
 * Limits the work and memory of expanding one spec. Blocks, loops and lists can demand any amount of either;
 * legitimate specs stay far below these limits, and a spec that exceeds one is stopped at the place where it does.
 */
import type { Block } from '../../../dsl/ast.ts';
import { mostMistakes } from '../../../dsl/diagnostic.ts';
import type { Span } from '../../../dsl/source.ts';
import { tokenLimit } from '../../../dsl/tokens.ts';
import type { Value } from './values.ts';

/** The counted resources, with the limit for one spec. */
export const limits = {
  /** Expressions and statements evaluated. */
  steps: 600_000,
  /** Nodes recorded for networks and losses, including those of called networks. */
  nodes: 250_000,
  /** Entries of lists made or searched. */
  entries: 1_000_000,
  /** Mistakes reported. */
  mistakes: mostMistakes,
  /** Characters in the names of nodes and variables. */
  characters: 40_000_000,
} as const;

/** How many specs at their limits one file may hold: its experiments, and the runs of an ablation. */
export const specsOfFile = 20;
/** How many such specs may be expanded to find the change that caused a mistake. */
export const specsOfBlame = 2;

/** The limits of a file's imports, direct and indirect. */
export const importLimits = {
  /** Depth of imports. */
  depth: 50,
  files: 1000,
  /** Tokens of all files; reading an import takes as much memory as reading as many tokens of a single file. */
  tokens: tokenLimit,
} as const;

/** The limits of nesting, and of the size of one value. */
export const depthLimits = {
  /** Calls of blocks. */
  calls: 200,
  /** Expressions and statements, across all calls on the stack; the stack of Node holds about twice as many. */
  levels: 800,
  /** Lists in lists, and blocks with settings that are blocks. */
  values: 100,
  /** All entries inside a list, or inside the settings of a block. */
  entries: 200_000,
} as const;

export type Counted = keyof typeof limits;

/** A call uses as much stack as this many expressions. */
const levelsOfCall = 3;

/** A frame of the expansion: a call of a block, or a loop, which has no block. */
export interface Frame {
  readonly block: Block | undefined;
  readonly span: Span;
}

/** The exceeded limit, and the place. */
export type Excess =
  | { readonly kind: 'work'; readonly counted: Counted }
  | { readonly kind: 'total'; readonly counted: Counted; readonly limit: number }
  | { readonly kind: 'depth'; readonly of: 'calls' | 'levels' }
  | { readonly kind: 'value'; readonly of: 'values' | 'entries'; readonly span: Span };

/** Ends an expansion that would exceed its budget; the caller that started the expansion reports it. */
export class BudgetSpent extends Error {
  constructor(
    readonly excess: Excess,
    /** The frames at that time, outermost first. */
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

/** Counts the resources that several expansions use together. */
export class Total {
  private readonly used: Record<Counted, number> = nothing();

  /** Allows as much as `specs` expansions at their limits. */
  constructor(private readonly specs: number) {}

  /** The limit of a resource for all of them together. */
  limitOf(counted: Counted): number {
    return this.specs * limits[counted];
  }

  /** Uses an amount; tells whether that was available. */
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

/** Counts the resources of one expansion. */
export class Budget {
  /** `totals` also count what other expansions use. */
  constructor(private readonly totals: readonly Total[] = []) {}

  /** The amounts used so far. */
  readonly used: Record<Counted, number> = nothing();
  /** The deepest nesting so far. */
  readonly deepest = { calls: 0, levels: 0 };
  private readonly frames: Frame[] = [];
  private calls = 0;
  private level = 0;
  private readonly measures = new WeakMap<Value, Measure>();

  /** Uses an amount. Throws BudgetSpent if it exceeds a limit. */
  spend(counted: Counted, amount = 1): void {
    this.used[counted] += amount;
    if (this.used[counted] > limits[counted]) this.stop({ kind: 'work', counted });
    for (const total of this.totals)
      if (!total.spend(counted, amount)) this.stop({ kind: 'total', counted, limit: total.limitOf(counted) });
  }

  /** Enters an expression or statement. Throws BudgetSpent. */
  descend(): void {
    this.level += 1;
    if (this.level > this.deepest.levels) this.deepest.levels = this.level;
    if (this.level > depthLimits.levels) this.stop({ kind: 'depth', of: 'levels' });
    this.spend('steps');
  }

  /** Leaves an expression or statement. */
  ascend(): void {
    this.level -= 1;
  }

  /** Enters a call of a block, or a loop if `block` is undefined. Throws BudgetSpent. */
  enter(block: Block | undefined, span: Span): void {
    this.frames.push({ block, span });
    if (!block) return;
    this.calls += 1;
    this.level += levelsOfCall;
    if (this.calls > this.deepest.calls) this.deepest.calls = this.calls;
    if (this.calls > depthLimits.calls) this.stop({ kind: 'depth', of: 'calls' });
  }

  /** Leaves a call or loop. */
  leave(): void {
    if (!this.frames.pop()?.block) return;
    this.calls -= 1;
    this.level -= levelsOfCall;
  }

  /** Requires that a value is within the size limits. Throws BudgetSpent. */
  check(value: Value, span: Span): void {
    const { entries, depth } = this.measure(value);
    if (entries > depthLimits.entries) this.stop({ kind: 'value', of: 'entries', span });
    if (depth > depthLimits.values) this.stop({ kind: 'value', of: 'values', span });
  }

  /** Counts the entries of values that a function searches. Throws BudgetSpent. */
  lookThrough(values: Iterable<Value>): void {
    for (const value of values) this.spend('entries', this.measure(value).entries);
  }

  /** Measures the size of a value; shared parts count each time, but are visited once. */
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

/** Lists the direct parts of a value; undefined if a value has none. */
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
