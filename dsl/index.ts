/** Answers for the language as others use it: text to AST and back, and messages with a place. */
import type { File, Override } from './ast.ts';
import { sortDiagnostics, type Diagnostic } from './diagnostic.ts';
import { parseOverrideTokens, parseTokens } from './recover.ts';
import type { Source } from './source.ts';
import { toAst, toOverride } from './to-ast.ts';
import { tokenize } from './tokens.ts';

export { print, printExpression, printNumber, printPath, printText } from './print.ts';
export { renderDiagnostic, renderDiagnostics, sortDiagnostics, type Diagnostic } from './diagnostic.ts';
export { applyEdits, type Edit } from './fix.ts';
export { suggest } from './suggest.ts';

/** What a text says, and what is wrong with it. */
export interface ParseResult {
  /** The declarations and imports without mistakes; nothing when there are too many mistakes to go on. */
  readonly file: File | undefined;
  /** All syntax mistakes, in source order. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Parses a source; with mistakes, `file` holds only what is free of them. */
export function parse(source: Source): ParseResult {
  const lexed = tokenize(source.text);
  const { file: tree, diagnostics } = parseTokens(source, lexed);
  const file = tree === undefined ? undefined : toAst(tree, source, lexed, diagnostics);
  return {
    file: file === undefined ? undefined : withoutMistakes(file, diagnostics),
    diagnostics: sortDiagnostics(diagnostics),
  };
}

/** Parses a change by path that is a text of its own: `G.norm = batch()`. */
export function parseOverride(source: Source): {
  readonly override: Override | undefined;
  readonly diagnostics: readonly Diagnostic[];
} {
  const { override: tree, diagnostics } = parseOverrideTokens(source, tokenize(source.text));
  const override = tree && toOverride(tree, source, diagnostics);
  return { override, diagnostics };
}

/** Leaves out what a mistake lies in. */
function withoutMistakes(file: File, diagnostics: readonly Diagnostic[]): File {
  const isSound = ({ span: { start, end } }: { readonly span: File['span'] }): boolean =>
    diagnostics.every(({ span }) => span === undefined || span.start < start || end < span.start);
  if (diagnostics.length === 0) return file;
  return { ...file, uses: file.uses.filter(isSound), declarations: file.declarations.filter(isSound) };
}
