/** Answers for what the compiler's messages share: how a diagnostic is made, and what is said about names. */
import type { Diagnostic, Severity, SpanLabel } from '../dsl/diagnostic.ts';
import { suggest } from '../dsl/suggest.ts';
import type { Span } from '../dsl/source.ts';

interface Extra {
  readonly notes?: readonly string[];
  readonly hint?: string | undefined;
  readonly labels?: readonly SpanLabel[];
}

/** Makes an error of a stable `code`. */
export function error(code: string, message: string, span: Span | undefined, extra: Extra = {}): Diagnostic {
  return diagnose('error', code, message, span, extra);
}

/** Makes a warning of a stable `code`: what it is about can be done, but is rarely meant. */
export function warning(
  code: string,
  message: string,
  span: Span | undefined,
  extra: Extra = {},
): Diagnostic {
  return diagnose('warning', code, message, span, extra);
}

function diagnose(
  severity: Severity,
  code: string,
  message: string,
  span: Span | undefined,
  { labels = [], notes = [], hint }: Extra,
): Diagnostic {
  return { code, severity, message, span, labels, notes, hint };
}

/** Reports an input of a call that has another type than the network declares. */
export function wrongInput(
  network: string,
  name: string,
  expected: string,
  found: string,
  span: Span | undefined,
  hint?: string,
): Diagnostic {
  const message = `input '${name}' of ${network}: expected ${expected}, found ${found}`;
  return error('wrong-input', message, span, { hint });
}

/** Reports a network that codes are asked of, although it does not take what the data gives. */
export function notAnEncoder(network: string, why: string, span: Span | undefined): Diagnostic {
  return error('not-an-encoder', `${network} cannot encode photographs: it ${why}`, span, {
    hint: 'an encoder takes the photograph (image: Image), and the label map if it wants to',
  });
}

/** Suggests the known name that is nearest to an unknown one; undefined where none is near. */
export function meant(name: string, candidates: readonly string[]): string | undefined {
  const near = suggest(name, candidates);
  return near && `did you mean '${near}'?`;
}

/** Says which names there are, and which one may be meant: the notes and hint of a message about an unknown name. */
export function amongst(
  name: string,
  candidates: Iterable<string>,
  otherwise?: string,
): { readonly notes: readonly string[]; readonly hint: string | undefined } {
  const names = [...candidates];
  return { notes: oneOf(names), hint: meant(name, names) ?? otherwise };
}

/** Lists the names that there are, as a note; none where they would be too many to read. */
function oneOf(names: readonly string[]): string[] {
  return names.length > 0 && names.length <= 24 ? [`there are: ${names.join(', ')}`] : [];
}
