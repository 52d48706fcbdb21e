/**
 * Evaluates the language at compile time: expressions give values, statements bind them, and applying blocks to
 * tensors records nodes. A mistake is reported and leaves an `unknown` value, so that one run finds all mistakes.
 */
import { isVariadic } from '../ir/op.ts';
import type { Evaluation, LossContext, Scope, Argumented } from './values/evaluation.ts';
import type { Block, Expression, Statement } from '../../dsl/ast.ts';
import type { Diagnostic, SpanLabel } from '../../dsl/diagnostic.ts';
import { hintFields, type Hint } from '../../dsl/fix.ts';
import type { Span } from '../../dsl/source.ts';
import { OpError } from '../ir/node.ts';
import type { Composite } from '../ops/composite/index.ts';
import { constant } from '../ops/composite/pointwise.ts';
import type { SpecAttr } from '../format/types.ts';
import type { Budget } from './values/budget.ts';
import { Calls, type CallOfBlock } from './calls.ts';
import { Expressions } from './expressions.ts';
import * as messages from './values/messages.ts';
import type { ModuleLoader } from './modules.ts';
import { passing } from './passing.ts';
import type { Recorder } from './values/recorder.ts';
import { runStatements } from './statements.ts';
import { innerShape, unknown, type TensorValue, type Value } from './values/values.ts';

export class Evaluator implements Evaluation {
  /** Records the nodes of applied blocks; undefined outside of networks and losses. */
  recorder: Recorder | undefined = undefined;
  loss: LossContext | undefined = undefined;
  /** Gives the code that a network of the experiment makes of the photograph; undefined outside of experiments. */
  encoded: ((network: string, span: Span) => Value) | undefined = undefined;
  /** The places that variants changed in the network being expanded. */
  changes: readonly Span[] = [];
  /** The user's calls that were blamed for a mistake inside the library, with its code. */
  private readonly blamed = new Set<string>();
  readonly calls: Calls = new Calls(this);
  readonly expressions: Expressions = new Expressions(this);

  constructor(
    private readonly sink: (diagnostic: Diagnostic) => void,
    private readonly texts: Pick<ModuleLoader, 'isLibrary' | 'isPrelude'>,
    /** The limits of the expansion. */
    readonly budget: Budget,
  ) {}

  /**
   * Reports a mistake and gives the `unknown` value. A mistake inside the standard library is blamed on the user's
   * call that led there; a place in an imported file is shown with the call from the main file.
   */
  fail(mistake: Diagnostic): Value {
    this.budget.spend('mistakes');
    const diagnostic = {
      ...mistake,
      labels: [...mistake.labels, ...this.labelsOfChanges(mistake.span)],
      // Users cannot change the library, so fixes of library texts are dropped.
      fix: mistake.fix.some((edit) => this.texts.isLibrary(edit.span.source)) ? [] : mistake.fix,
    };
    const { span } = diagnostic;
    const caller = this.calls.stack.findLast((call) => !this.texts.isLibrary(call.span.source));
    const outer = this.calls.stack[0];
    if (span && caller && this.texts.isLibrary(span.source)) {
      // The first message about a call says why it fails; others with the same code follow from the same argument.
      const key = `${diagnostic.code} ${caller.span.source.name} ${caller.span.start}`;
      if (!this.blamed.has(key))
        this.sink({
          ...diagnostic,
          ...(diagnostic.code === 'refused' && hintFields(hintOfCaller(caller) ?? diagnostic.hint)),
          ...(ofNumbers.has(diagnostic.code) && hintFields(hintInLibrary(diagnostic, caller))),
          span: caller.span,
          labels: [{ span, text: `found here, inside ${caller.name}` }, ...this.labelsOfChanges(undefined)],
        });
      this.blamed.add(key);
    } else if (span && outer && outer.span.source !== span.source)
      this.sink({
        ...diagnostic,
        labels: [...diagnostic.labels, { span: outer.span, text: `in this use of ${outer.name}` }],
      });
    else this.sink(diagnostic);
    return unknown;
  }

  /** Points at the changes of variants in the current network, if the mistake is elsewhere. */
  private labelsOfChanges(blamed: Span | undefined): SpanLabel[] {
    const isThere = (span: Span): boolean =>
      blamed?.source === span.source && span.start <= blamed.start && blamed.end <= span.end;
    return this.changes.some(isThere) ? [] : this.changes.map((span) => ({ span, text: 'changed here' }));
  }

  /** Resets the names for a new network. */
  begin(recorder: Recorder): void {
    this.recorder = recorder;
    this.calls.begin();
  }

  /** Gives the value of an expression. */
  evaluate(expression: Expression, scope: Scope): Value {
    return this.expressions.evaluate(expression, scope);
  }

  /** Runs statements; gives the value of the `return` that was reached, if any. */
  run(statements: readonly Statement[], scope: Scope): Value | undefined {
    return runStatements(this, statements, scope);
  }

  /** Applies a block or function to values. */
  apply(callee: Value, given: Argumented, label: string | undefined): Value {
    return this.calls.apply(callee, given, label);
  }

  /**
   * Records a composite; a violated constraint is reported at `span`, with the shapes of the inputs at `places`, where
   * known. `blamed` is the part of `span` to point at beside them.
   */
  record(
    op: Composite,
    inputs: readonly TensorValue[],
    attrs: Readonly<Record<string, SpecAttr>>,
    span: Span,
    places: readonly (Span | undefined)[] = [],
    blamed: Span = span,
  ): Value {
    if (!this.recorder) return this.fail(messages.outsideNetwork(op.name, span));
    for (const attr of Object.values(attrs))
      if (Array.isArray(attr)) this.budget.spend('entries', attr.length);
    try {
      return this.recorder.op(op, inputs, attrs, this.writtenAt(span));
    } catch (mistake) {
      if (!(mistake instanceof OpError)) throw mistake;
      return this.fail(
        messages.shapeMismatch(
          mistake,
          op,
          inputs.map((input, index) => ({
            name: nameOfInput(op, index),
            shape: innerShape(input),
            span: places[index],
          })),
          attrs,
          blamed,
          this.loss !== undefined,
        ),
      );
    }
  }

  /**
   * Gives the place that a node originates from: for nodes of the prelude, the call of the prelude's block. Otherwise
   * all layers would come from one line.
   */
  private writtenAt(span: Span): Span {
    const { isPrelude } = this.texts;
    if (!isPrelude(span.source)) return span;
    return this.calls.stack.findLast((call) => !isPrelude(call.span.source))?.span ?? span;
  }

  /** Declares a variable in the current scope. */
  declare(
    role: 'parameter' | 'state',
    name: string,
    shape: readonly number[],
    initializer: Parameters<Recorder['variable']>[3],
    span: Span,
    stored?: Parameters<Recorder['variable']>[5],
  ): Value {
    if (!this.recorder) return this.fail(messages.outsideNetwork(role, span));
    if (this.loss) return this.fail(messages.variableInLoss(role, span));
    const path = [...this.recorder.scope, name].join('.');
    const isTwice = this.calls.shared?.has(path) ?? false;
    this.calls.shared?.add(path);
    const made = isTwice
      ? undefined
      : this.recorder.variable(path, role, shape, initializer, this.calls.shared !== undefined, stored);
    return made ?? this.fail(messages.duplicateParameter(path, span));
  }

  /** Reads a value as a tensor: label maps become channels, numbers constants; undefined for other values. */
  asTensor(value: Value, span: Span): TensorValue | undefined {
    if (value.kind === 'tensor') return value;
    if (value.kind === 'labels') return this.recorder?.encode(value);
    if (value.kind === 'number') {
      const made = this.record(constant, [], { value: value.value }, span);
      return made.kind === 'tensor' ? made : undefined;
    }
    return undefined;
  }
}

/** If the library refused a call for a missing label map and one is in scope, gives the hint to pass it. */
function hintOfCaller({ block, values, written }: CallOfBlock): Hint | undefined {
  const lacking = block.parameters.find(
    ({ name, type }) => type?.name === 'LabelMap' && values.get(name.text)?.kind === 'none',
  );
  return lacking && written && passing(lacking, block, written);
}

/** Gives a hint for a call whose numbers cause a mistake inside the library. */
function hintInLibrary({ code, hint }: Diagnostic, { block, values }: CallOfBlock): string | undefined {
  const few = hintOfTooFew(block, values);
  if (few !== undefined || code !== 'shape-mismatch') return few ?? hint;
  // Users cannot resize what the library computes.
  if (hint === undefined || !messages.hintsOfOperands.has(hint)) return hint;
  const even = [...values].flatMap(([name, value]) => evenKernels(name, value, block));
  return even.length > 0
    ? `${even.join(', and ')} here: an odd one keeps the size of pictures`
    : 'what the call is given makes pictures of two sizes or channels: change its settings';
}

/** Names the kernels of even size among a setting's values. */
function evenKernels(name: string, value: Value, block: Block): string[] {
  const own = block.parameters.find((one) => one.name.text === name)?.default;
  if (value.kind === 'number' && name.endsWith('kernel') && value.value % 2 === 0)
    return own?.kind === 'number' && own.value === value.value ? [] : [`${name} is ${value.value}`];
  return value.kind === 'block'
    ? [...value.bound].flatMap(([key, inner]) => evenKernels(key, inner, value.block))
    : [];
}

/** Mistakes inside the library that a too small number can cause. */
const ofNumbers: ReadonlySet<string> = new Set(['duplicate-parameter', 'wrong-type', 'shape-mismatch']);

/** Names the counting settings of a block with values below 1; defaults are valid. */
export function hintOfTooFew(block: Block, values: ReadonlyMap<string, Value>): string | undefined {
  const few = block.parameters.flatMap(({ name, type, default: own }) => {
    const value = values.get(name.text);
    // A padding of 0 is valid.
    if (type?.name !== 'int' || value?.kind !== 'number' || value.value >= 1 || name.text.includes('pad'))
      return [];
    return own?.kind === 'number' && own.value === value.value ? [] : [`${name.text} is ${value.value}`];
  });
  return few.length === 0 ? undefined : `${few.join(', and ')} here: it is to be at least 1`;
}

function nameOfInput({ inputs }: Composite, index: number): string {
  const name = inputs[index];
  return name === undefined || isVariadic(name) ? `part ${index + 1}` : name;
}

/** Gives a block's documentation, the comment lines above it. */
export function docOf(block: Block): string | undefined {
  const text = block.comments.before
    .map((line) => line.trim())
    .join('\n')
    .trim();
  return text === '' ? undefined : text;
}
