/** The diagnostics about variants and changes by path, one function each. */
import { error, type Diagnostic } from '../../dsl/diagnostic.ts';
import type { Hint } from '../../dsl/fix.ts';
import type { Span } from '../../dsl/source.ts';
import { amongst } from '../messages/shared.ts';

/** The source name of changes given on a command line. */
export const setSource = '--set';

export const unknownBase = (name: string, span: Span, candidates: Iterable<string>): Diagnostic =>
  error(
    'unknown-base',
    `there is no experiment '${name}' here`,
    span,
    amongst(name, candidates, span, `one of another file is imported: use "./${name}.spade" { ${name} }`),
  );

export const inheritanceCycle = (name: string, span: Span): Diagnostic =>
  error('inheritance-cycle', `experiment ${name} would be a variant of itself`, span, {
    hint: 'begin with an experiment that is written in full: experiment name { ... }',
  });

export const chainTooLong = (name: string, limit: number, span: Span): Diagnostic =>
  error('too-deep', `experiment ${name} is a variant of variants, more than ${limit} steps up`, span, {
    hint: 'vary an experiment that is fewer steps away from one written in full',
  });

/** `where` names what lacks the name: `the experiment`, `the loss of G`. */
export const unknownPath = (
  name: string,
  where: string,
  span: Span,
  candidates: Iterable<string>,
  hint?: Hint | string,
): Diagnostic =>
  error('unknown-path', `${where} has no '${name}' to change`, span, amongst(name, candidates, span, hint));

/** Lists the paths that end with a name written alone. */
export const severalPaths = (paths: readonly string[]): Hint => ({
  words: `say the whole path, such as ${paths.slice(0, 4).join(' or ')}`,
  fix: [],
});

export const changedInParts = (section: string, span: Span): Diagnostic =>
  error('unknown-path', `'${section}' is changed part by part`, span, {
    hint: `say which: ${section}.${partsOfSections[section]} = ...`,
  });

/** An example path for each section. */
const partsOfSections: Readonly<Record<string, string>> = {
  data: 'size',
  train: 'steps',
  optimize: 'G',
  loss: 'G',
};

export const pathTooLong = (path: string, span: Span, hint?: Hint | string): Diagnostic =>
  error('path-too-long', `'${path}' has no parts that can be changed`, span, {
    hint: hint ?? `change it as a whole: ${path} = ...`,
  });

export const notWrittenAsCall = (path: string, name: string, span: Span, written: Span): Diagnostic =>
  error('not-written-as-call', `'${path}' is not written as a call, so it has no '${name}' to change`, span, {
    labels: [{ span: written, text: 'written here' }],
    hint: `give it as a whole: ${path} = ...`,
  });

export const notGiven = (path: string, name: string, span: Span): Diagnostic =>
  error('not-given', `'${path}' is not given, so it has no '${name}' to change`, span, {
    hint: `give it as a whole: ${path} = ...`,
  });

export const emptyLoss = (network: string, span: Span): Diagnostic =>
  error('empty-loss', `nothing would be left of the loss of ${network}`, span, {
    hint: `leave the network out with its loss: ${span.source.name === setSource ? '' : 'let '}${network} = none`,
  });

export const changedTwice = (what: string, span: Span, first: Span): Diagnostic =>
  error('changed-twice', `${what} is changed twice`, span, {
    labels: [{ span: first, text: 'first changed here' }],
  });

export const ambiguousName = (name: string, span: Span, modules: readonly string[]): Diagnostic =>
  error('ambiguous-name', `several modules of the library have '${name}'`, span, {
    notes: [`there are: ${modules.join(', ')}`],
    hint: `import the one that is meant where the experiment is written: use ${modules[0]} { ${name} }`,
  });

export const nothingToSet = (text: string, names: readonly string[]): Diagnostic =>
  error('nothing-to-set', `there is no experiment in which to set '${text}'`, undefined, {
    hint:
      names.length > 0
        ? `name one of the experiments: ${names.join(', ')}`
        : 'what is set belongs to an experiment, not to networks alone',
  });
