/** The language's public functions: parse text to an AST, print it, and report mistakes with their places. */
import type { File, Override } from './ast.ts';
import { mostMistakes, sortDiagnostics, type Diagnostic } from './diagnostic.ts';
import { parseOverrideTokens, parseTokens } from './recover.ts';
import { textTooLong, tooManyMistakes } from './messages.ts';
import { span, type Source } from './source.ts';
import { toAst, toOverride } from './to-ast.ts';
import { countPieces, tokenize, tokenLimit } from './tokens.ts';

export { print, printExpression, printNumber, printPath, printText } from './print.ts';
export { renderDiagnostic, renderDiagnostics, sortDiagnostics, type Diagnostic } from './diagnostic.ts';
export { applyEdits, type Edit } from './fix.ts';
export { suggest } from './suggest.ts';

/** The result of parsing a text. */
export interface ParseResult {
  /** The declarations and imports without mistakes; undefined if there are too many mistakes to continue. */
  readonly file: File | undefined;
  /** All syntax mistakes, in source order. */
  readonly diagnostics: readonly Diagnostic[];
  /** The number of tokens. */
  readonly pieces: number;
}

/** Parses a source; with mistakes, `file` holds only what is free of them. */
export function parse(source: Source): ParseResult {
  const { count: pieces, last } = countPieces(source.text);
  if (pieces > tokenLimit) {
    const diagnostics = [textTooLong(tokenLimit, span(source, last, last + 1))];
    return { file: undefined, diagnostics, pieces };
  }
  const lexed = tokenize(source.text);
  const { file: tree, diagnostics } = parseTokens(source, lexed);
  const file = tree === undefined ? undefined : toAst(tree, source, lexed, diagnostics);
  return {
    file: file === undefined ? undefined : withoutMistakes(file, diagnostics),
    diagnostics: bounded(sortDiagnostics(diagnostics)),
    pieces,
  };
}

/** Cuts a list of diagnostics at `mostMistakes` and adds a note about the rest. */
function bounded(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const next = diagnostics[mostMistakes]?.span;
  return next ? [...diagnostics.slice(0, mostMistakes), tooManyMistakes(mostMistakes, next)] : diagnostics;
}

/** Parses a change by path given as a separate text: `G.norm = batch()`. */
export function parseOverride(source: Source): {
  readonly override: Override | undefined;
  readonly diagnostics: readonly Diagnostic[];
} {
  const { override: tree, diagnostics } = parseOverrideTokens(source, tokenize(source.text));
  const override = tree && toOverride(tree, source, diagnostics);
  return { override, diagnostics };
}

/** Leaves out the declarations that contain a mistake. */
function withoutMistakes(file: File, diagnostics: readonly Diagnostic[]): File {
  if (diagnostics.length === 0) return file;
  const starts = diagnostics.flatMap((one) => one.span?.start ?? []).sort((a, b) => a - b);
  // There may be many mistakes and many declarations, so both are walked in order once.
  const soundOf = <T extends { readonly span: File['span'] }>(parts: readonly T[]): T[] => {
    let next = 0;
    return parts.filter(({ span: { start, end } }) => {
      while ((starts[next] ?? Infinity) < start) next += 1;
      return (starts[next] ?? Infinity) > end;
    });
  };
  return { ...file, uses: soundOf(file.uses), declarations: soundOf(file.declarations) };
}
