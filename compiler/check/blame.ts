/**
 * Finds the change that causes a mistake: a variant, an ablation or the command line may make another part invalid, and
 * the mistake is then reported at that change. Only if there are mistakes, the experiment is checked again with fewer
 * changes.
 */
import type { Diagnostic } from '../../dsl/diagnostic.ts';
import type { Span } from '../../dsl/source.ts';
import { checkExpanded } from './index.ts';
import type { Expanded } from '../expand/index.ts';

/** Checks an expanded spec; a mistake caused by a change is reported at the change, with a label where it was found. */
export function checkWithBlame(expanded: Expanded): Diagnostic[] {
  return checkExpanded(expanded).map(blaming(expanded));
}

/** Makes the function that moves a diagnostic of an expanded spec to the change that caused it. */
export function blaming({ history }: Expanded): (diagnostic: Diagnostic) => Diagnostic {
  const found = new Map<number, readonly string[]>();
  return (diagnostic) => {
    const { span } = diagnostic;
    const changes = history?.changes ?? [];
    const isSaidThere = changes.some(({ whole, path }) => isWithin(span, whole) || isWithin(span, path));
    if (!history || changes.length === 0 || isSaidThere) return diagnostic;
    const identity = identityOf(diagnostic);
    const isIn = (count: number): boolean => {
      const known = found.get(count) ?? checkExpanded(history.expandWith(count)).map(identityOf);
      found.set(count, known);
      return known.includes(identity);
    };
    // Mistakes of reading and merging are not found again: they stay where they are.
    const change = isIn(changes.length) ? firstWith(isIn, changes.length) : undefined;
    const guilty = change === undefined ? undefined : changes[change - 1];
    return guilty ? movedTo(guilty.whole, diagnostic) : diagnostic;
  };
}

/** Identifies a mistake, equal before and after a change elsewhere. */
function identityOf({ code, message, span }: Diagnostic): string {
  return `${code} ${span?.source.name} ${span?.start} ${message}`;
}

/**
 * Finds the smallest number of first changes that cause a mistake which all changes cause; undefined if it occurs
 * without changes.
 */
function firstWith(has: (count: number) => boolean, all: number): number | undefined {
  let [without, bringing] = [0, all];
  if (has(0)) return undefined;
  while (bringing - without > 1) {
    const middle = Math.floor((without + bringing) / 2);
    if (has(middle)) bringing = middle;
    else without = middle;
  }
  return bringing;
}

function movedTo(change: Span, diagnostic: Diagnostic): Diagnostic {
  const { span, labels } = diagnostic;
  const others = labels.filter((label) => !isWithin(label.span, change));
  const isThere = others.some((label) => isWithin(label.span, span));
  return {
    ...diagnostic,
    span: change,
    labels: [...(span && !isThere ? [{ span, text: 'breaks this' }] : []), ...others],
    // Text that is correct without the change is not edited.
    fix: diagnostic.fix.every((edit) => isWithin(edit.span, change)) ? diagnostic.fix : [],
  };
}

function isWithin(inner: Span | undefined, outer: Span | undefined): boolean {
  if (!inner || !outer) return false;
  return inner.source === outer.source && outer.start <= inner.start && inner.end <= outer.end;
}
