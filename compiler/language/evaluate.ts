/**
 * Answers for evaluating the language at compile time: expressions give values, statements bind them, and applying blocks
 * to tensors records nodes. Mistakes are reported and leave an `unknown` value, so that all of them are found at once.
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
  /** Where applied blocks write their nodes; none outside of networks and losses. */
  recorder: Recorder | undefined = undefined;
  loss: LossContext | undefined = undefined;
  /** Says what a network of the experiment encodes; none outside of experiments. */
  encoded: ((network: string, span: Span) => Value) | undefined = undefined;
  /** What variants changed in the network that is expanded. */
  changes: readonly Span[] = [];
  /** The user's calls that were blamed for a mistake inside the library, with its code. */
  private readonly blamed = new Set<string>();
  readonly calls: Calls = new Calls(this);
  readonly expressions: Expressions = new Expressions(this);

  constructor(
    private readonly sink: (diagnostic: Diagnostic) => void,
    private readonly texts: Pick<ModuleLoader, 'isLibrary' | 'isPrelude'>,
    /** What the expansion may take. */
    readonly budget: Budget,
  ) {}

  /**
   * Reports a mistake, and gives the value that stands for it. What fails inside the standard library is blamed on the
   * user's call that led there; a place in a file that another one calls is shown with that call.
   */
  fail(mistake: Diagnostic): Value {
    this.budget.spend('mistakes');
    const diagnostic = {
      ...mistake,
      labels: [...mistake.labels, ...this.labelsOfChanges(mistake.span)],
      // The library is not the user's to change.
      fix: mistake.fix.some((edit) => this.texts.isLibrary(edit.span.source)) ? [] : mistake.fix,
    };
    const { span } = diagnostic;
    const caller = this.calls.stack.findLast((call) => !this.texts.isLibrary(call.span.source));
    const outer = this.calls.stack[0];
    if (span && caller && this.texts.isLibrary(span.source)) {
      // The first message about a call says why it fails; others of the kind follow from the same argument.
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

  /** Points at what a variant changed in the network that is expanded, where the mistake is elsewhere. */
  private labelsOfChanges(blamed: Span | undefined): SpanLabel[] {
    const isThere = (span: Span): boolean =>
      blamed?.source === span.source && span.start <= blamed.start && blamed.end <= span.end;
    return this.changes.some(isThere) ? [] : this.changes.map((span) => ({ span, text: 'changed here' }));
  }

  /** Starts the names of a new network. */
  begin(recorder: Recorder): void {
    this.recorder = recorder;
    this.calls.begin();
  }

  /** Gives the value of an expression. */
  evaluate(expression: Expression, scope: Scope): Value {
    return this.expressions.evaluate(expression, scope);
  }

  /** Runs statements; gives the value of the `return` that was met, if any. */
  run(statements: readonly Statement[], scope: Scope): Value | undefined {
    return runStatements(this, statements, scope);
  }

  /** Applies a block or function to values. */
  apply(callee: Value, given: Argumented, label: string | undefined): Value {
    return this.calls.apply(callee, given, label);
  }

  /**
   * Records a composite; a constraint that does not hold becomes a diagnostic at `span`, with the shapes of the inputs at
   * `places`, where they are known. `blamed` is the part of `span` to point at beside them.
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
   * Gives the place that a node is said to come from: of what the prelude makes, the call that it is made for. All layers would
   * come from one line otherwise.
   */
  private writtenAt(span: Span): Span {
    const { isPrelude } = this.texts;
    if (!isPrelude(span.source)) return span;
    return this.calls.stack.findLast((call) => !isPrelude(call.span.source))?.span ?? span;
  }

  /** Makes a variable under the current scope. */
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

  /** Reads a value as a tensor: label maps become channels, numbers constants; undefined where it is neither. */
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

/** Where a call that the library refuses gives no label map, and there is one at hand: passes it. */
function hintOfCaller({ block, values, written }: CallOfBlock): Hint | undefined {
  const lacking = block.parameters.find(
    ({ name, type }) => type?.name === 'LabelMap' && values.get(name.text)?.kind === 'none',
  );
  return lacking && written && passing(lacking, block, written);
}

/** Says what to change in a call for a mistake of numbers that it leads to inside the library. */
function hintInLibrary({ code, hint }: Diagnostic, { block, values }: CallOfBlock): string | undefined {
  const few = hintOfTooFew(block, values);
  if (few !== undefined || code !== 'shape-mismatch') return few ?? hint;
  // What is computed in the library is not the user's to resize.
  if (hint === undefined || !messages.hintsOfOperands.has(hint)) return hint;
  const even = [...values].flatMap(([name, value]) => evenKernels(name, value, block));
  return even.length > 0
    ? `${even.join(', and ')} here: an odd one keeps the size of pictures`
    : 'what the call is given makes pictures of two sizes or channels: change its settings';
}

/** Names the kernels of an even size that a value was given. */
function evenKernels(name: string, value: Value, block: Block): string[] {
  const own = block.parameters.find((one) => one.name.text === name)?.default;
  if (value.kind === 'number' && name.endsWith('kernel') && value.value % 2 === 0)
    return own?.kind === 'number' && own.value === value.value ? [] : [`${name} is ${value.value}`];
  return value.kind === 'block'
    ? [...value.bound].flatMap(([key, inner]) => evenKernels(key, inner, value.block))
    : [];
}

/** What a number that is too small leads to inside the library. */
const ofNumbers: ReadonlySet<string> = new Set(['duplicate-parameter', 'wrong-type', 'shape-mismatch']);

/** Names the settings of a block that are numbers below 1 where things are counted; what it has by itself is right. */
export function hintOfTooFew(block: Block, values: ReadonlyMap<string, Value>): string | undefined {
  const few = block.parameters.flatMap(({ name, type, default: own }) => {
    const value = values.get(name.text);
    // No padding is none too few.
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

/** Gives a block's documentation: the comment lines above it. */
export function docOf(block: Block): string | undefined {
  const text = block.comments.before
    .map((line) => line.trim())
    .join('\n')
    .trim();
  return text === '' ? undefined : text;
}
