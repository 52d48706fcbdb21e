/**
 * Answers for which change is to blame for a mistake: what a variant, an ablation or a command line changes may make something
 * else invalid, which is said at the change. The experiment is checked again with fewer changes, only where there are mistakes.
 */
import type { Diagnostic } from '../../dsl/diagnostic.ts';
import type { Span } from '../../dsl/source.ts';
import { checkExpanded } from './index.ts';
import type { Expanded } from '../expand/index.ts';

/** Checks an expanded spec; a mistake that a change brings is said at that change, with a label where it was found. */
export function checkWithBlame(expanded: Expanded): Diagnostic[] {
  return checkExpanded(expanded).map(blaming(expanded));
}

/** Makes the function that says a mistake of an expanded spec where it was brought in. */
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
    // What reading and merging found is not found again: it is said where it is.
    const change = isIn(changes.length) ? firstWith(isIn, changes.length) : undefined;
    const guilty = change === undefined ? undefined : changes[change - 1];
    return guilty ? movedTo(guilty.whole, diagnostic) : diagnostic;
  };
}

/** Says what is one mistake before and after a change elsewhere. */
function identityOf({ code, message, span }: Diagnostic): string {
  return `${code} ${span?.source.name} ${span?.start} ${message}`;
}

/** Finds the fewest changes that bring a mistake, which all together do; undefined where it is there without any. */
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
    // What is right without the change is not to be changed.
    fix: diagnostic.fix.every((edit) => isWithin(edit.span, change)) ? diagnostic.fix : [],
  };
}

function isWithin(inner: Span | undefined, outer: Span | undefined): boolean {
  if (!inner || !outer) return false;
  return inner.source === outer.source && outer.start <= inner.start && inner.end <= outer.end;
}
