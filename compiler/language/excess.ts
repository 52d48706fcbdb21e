/** Answers for what is said of an expansion that exceeds its budget: which block or loop asked for so much, and who called it. */
import type { Diagnostic } from '../../dsl/diagnostic.ts';
import type { Source, Span } from '../../dsl/source.ts';
import { must } from '../../dsl/errors.ts';
import { depthLimits, limits, type BudgetSpent, type Frame } from './values/budget.ts';
import * as messages from './values/messages.ts';

/** A block that is this often among the calls calls itself; no honest one is. */
const oftenAmongCalls = 3;
/** Names of blocks that a message lists. */
const longestChain = 8;

/** Explains why an expansion was stopped; `isLibrary` tells texts whose authors the user is not. */
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
  /** The blocks that call one another, the first one again at the end. */
  readonly names: readonly string[];
  /** The call that leads back to where the circle began. */
  readonly back: Span;
  /** The call that led into the circle. */
  readonly entry: Span;
}

/** Finds the blocks that call one another without end, of which a block of the user is named first. */
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

/** Names the blocks that were being expanded, outermost first; loops have no names. */
function chainOf(frames: readonly Frame[]): readonly string[] {
  const names = frames.flatMap(({ block }) => (block ? [block.name.text] : []));
  if (names.length <= longestChain) return names;
  const half = longestChain / 2;
  return [...names.slice(0, half), '...', ...names.slice(-half)];
}
