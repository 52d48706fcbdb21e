/** Explains an expansion that exceeds its budget: names the block or loop that grew, and the user's call of it. */
import type { Diagnostic } from '../../dsl/diagnostic.ts';
import type { Source, Span } from '../../dsl/source.ts';
import { must } from '../../dsl/errors.ts';
import { depthLimits, limits, type BudgetSpent, type Frame } from './values/budget.ts';
import * as messages from './values/messages.ts';

/** A block that is this often on the call stack is recursive; legitimate blocks never are. */
const oftenAmongCalls = 3;
/** The most block names that a message lists. */
const longestChain = 8;

/** Explains why an expansion was stopped; `isLibrary` tells the library's texts from the user's. */
export function explainExcess(
  { excess, frames }: BudgetSpent,
  isLibrary: (source: Source) => boolean,
): Diagnostic {
  const circle = circleOf(frames, isLibrary);
  if (excess.kind === 'depth' && circle) return messages.tooDeep(circle.names, circle.back, circle.entry);
  const own = frames.filter(({ span }) => !isLibrary(span.source));
  const [inner, outer] = [own.at(-1), own.findLast(({ span }) => span !== own.at(-1)?.span)];
  const labels = outer ? [{ span: outer.span, text: outer.block ? 'called from here' : 'in this loop' }] : [];
  const chain = chainOf(frames);
  if (excess.kind === 'work') {
    const limit = limits[excess.counted];
    if (excess.counted === 'mistakes') return messages.tooManyMistakes(limit, inner?.span);
    return messages.tooLarge(excess.counted, limit, chain, inner?.span, labels);
  }
  if (excess.kind === 'total')
    return messages.tooLargeTogether(excess.counted, excess.limit, inner?.span, labels);
  if (excess.kind === 'depth') return messages.tooNested(depthLimits[excess.of], chain, inner?.span, labels);
  const span = isLibrary(excess.span.source) ? inner?.span : excess.span;
  return messages.valueTooLarge(excess.of, depthLimits[excess.of], span, labels);
}

interface Circle {
  /** The blocks that call one another; the first is repeated at the end. */
  readonly names: readonly string[];
  /** The call that closes the cycle. */
  readonly back: Span;
  /** The call that leads into the cycle. */
  readonly entry: Span;
}

/** Finds a cycle of blocks that call one another, starting with a block of the user if there is one. */
function circleOf(frames: readonly Frame[], isLibrary: (source: Source) => boolean): Circle | undefined {
  const calls = frames.flatMap(({ block, span }) => (block ? [{ block, span }] : []));
  const counts = new Map<object, number>();
  for (const { block } of calls) counts.set(block, (counts.get(block) ?? 0) + 1);
  const most = Math.max(0, ...counts.values());
  if (most < oftenAmongCalls) return undefined;
  const isOften = ({ block }: (typeof calls)[number]): boolean => 2 * (counts.get(block) ?? 0) > most;
  const candidates = calls.filter(isOften);
  const first =
    candidates.find(({ block }) => !isLibrary(block.name.span.source)) ??
    must(candidates[0], 'at least one argument is in excess');
  const rounds = calls.flatMap(({ block }, index) => (block === first.block ? [index] : []));
  const [start = 0, end = 0] = rounds;
  const round = calls.slice(start, end + 1);
  const back = round.slice(1).findLast(({ span }) => !isLibrary(span.source)) ?? first;
  return { names: round.map(({ block }) => block.name.text), back: back.span, entry: first.span };
}

/** Names the blocks on the call stack, outermost first; loops have no names. */
function chainOf(frames: readonly Frame[]): readonly string[] {
  const names = frames.flatMap(({ block }) => (block ? [block.name.text] : []));
  if (names.length <= longestChain) return names;
  const half = longestChain / 2;
  return [...names.slice(0, half), '...', ...names.slice(-half)];
}
