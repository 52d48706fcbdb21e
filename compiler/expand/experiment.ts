/** Answers for expanding an experiment: its networks over the data's inputs, then each loss over calls of them. */
import type {
  Data,
  Entry,
  Experiment,
  ExperimentItem,
  Expression,
  Loss,
  Optimize,
  Train,
} from '../../dsl/ast.ts';
import type { Diagnostic } from '../../dsl/diagnostic.ts';
import type { Span } from '../../dsl/source.ts';
import { OpError, shapeOf } from '../ir/node.ts';
import { must } from '../ir/types.ts';
import type {
  DataSpec,
  InputSpec,
  NetworkSpec,
  ObjectiveSpec,
  OptimizerSpec,
  Place,
  Spec,
  TermSpec,
  TrainSpec,
} from '../spec/types.ts';
import { inputsOfData, isGenerator, shapeOfPictures } from '../spec/queries.ts';
import type { Evaluator } from './evaluate.ts';
import { docOf, type LossContext, type Scope } from './evaluate.ts';
import * as messages from './messages.ts';
import type { Module } from './modules.ts';
import { Recorder, toRefTree } from './recorder.ts';
import { typeRules } from './value-types.ts';
import {
  describe,
  holdsUnknown,
  innerShape,
  listOf,
  unknown,
  type BlockValue,
  type TensorValue,
  type Value,
} from './values.ts';

/** Where JSON pointers of the spec were written, so that schema errors find their source: the name and the value. */
export type PointerPlaces = Map<string, { readonly name: Span; readonly value: Span }>;

export interface ExperimentContext {
  readonly evaluator: Evaluator;
  readonly report: (diagnostic: Diagnostic) => void;
  readonly placeOf: (span: Span | undefined) => Place | undefined;
  readonly places: PointerPlaces;
  /** JSON pointers of settings whose value has a mistake: they are not in the spec, and not missing either. */
  readonly broken: Set<string>;
}

/** The part of a spec that an experiment or a lone network gives. */
export type SpecBody = Pick<Spec, 'name' | 'doc' | 'data' | 'networks' | 'objectives' | 'train'>;

/** What networks are given where no data says so. */
export interface Assumptions {
  readonly width: number;
  readonly height: number;
  readonly classes: number;
}

/** Expands an experiment; parts with mistakes are left out, and the mistakes reported. */
export function expandExperiment(
  experiment: Experiment,
  module: Module,
  context: ExperimentContext,
): SpecBody {
  return new ExperimentExpansion(experiment, module, context).expand();
}

interface ExpandedNetwork {
  readonly network: NetworkSpec;
  /** The shape of its result, if that is one tensor. */
  readonly picture: readonly number[] | undefined;
}

/** An input of a network as a library user declares it. */
export type GivenInput =
  | {
      readonly kind: 'labels';
      readonly width: number;
      readonly height: number;
      readonly classes: number;
      readonly edges: boolean;
    }
  | { readonly kind: 'tensor' | 'noise'; readonly shape: readonly number[] };

/** Expands a network by itself, with its data parameters as inputs; `span` is where the experiment or file writes it. */
export function expandNetwork(
  name: string,
  value: BlockValue,
  span: Span,
  given: {
    readonly labels: InputSpec;
    readonly real: InputSpec;
    readonly byName?: Readonly<Record<string, GivenInput>>;
  },
  context: ExperimentContext,
  networks: ReadonlyMap<string, NetworkSpec>,
): ExpandedNetwork | undefined {
  const { evaluator } = context;
  const { block } = value;
  const recorder = new Recorder(name, networks, context.placeOf);
  const bound = new Map(value.bound);
  for (const parameter of block.parameters) {
    const key = parameter.name.text;
    const argument = bound.get(key);
    const own = given.byName?.[key];
    if (own) bound.set(key, recorder.input({ ...own, name: key }));
    else if (argument?.kind === 'noise')
      bound.set(key, recorder.input({ name: key, kind: 'noise', shape: [argument.size] }));
    else if (argument === undefined && !parameter.default) {
      const type = parameter.type?.name;
      if (type === 'LabelMap') bound.set(key, recorder.input({ ...given.labels, name: key }));
      else if (type === 'Image') bound.set(key, recorder.input({ ...given.real, name: key }));
      else if (type !== undefined && !typeRules.has(type)) return undefined;
      else {
        evaluator.fail(
          messages.missingArgument(
            block.name.text,
            key,
            span,
            `add '${key}: ...': only parameters of type LabelMap and Image are inputs, which the data gives`,
          ),
        );
        return undefined;
      }
    }
  }
  evaluator.begin(recorder);
  const result = evaluator.apply(
    { ...value, bound, path: '' },
    { positional: [], named: bound, spans: new Map(), nameSpans: new Map(), span, callee: span },
    undefined,
  );
  evaluator.recorder = undefined;
  if (holdsUnknown(result)) return undefined;
  const outputs = toRefTree(result);
  if (outputs === undefined) {
    context.report(
      messages.wrongType(
        `result of ${block.name.text}`,
        'a tensor or nested lists of them',
        describe(result),
        span,
      ),
    );
    return undefined;
  }
  const doc = docOf(block);
  const at = context.placeOf(span);
  const picture = result.kind === 'tensor' ? innerShape(result) : undefined;
  return {
    picture,
    network: {
      name,
      definition: block.name.text,
      ...(doc && { doc }),
      inputs: recorder.inputs,
      variables: [...recorder.variables.values()],
      nodes: recorder.nodes,
      outputs,
      ...(at && { at }),
    },
  };
}

class ExperimentExpansion {
  private readonly scope: Scope;
  private readonly networks = new Map<string, NetworkSpec>();
  private data: DataSpec | undefined;
  /** Whether the generator does not paint pictures of the data's size: then losses would only repeat that. */
  private isPictureWrong = false;
  private isGeneratorMissed = false;

  constructor(
    private readonly experiment: Experiment,
    module: Module,
    private readonly context: ExperimentContext,
  ) {
    this.scope = { module, bindings: new Map() };
  }

  expand(): SpecBody {
    const { experiment, context } = this;
    const name = experiment.name.text;
    const [datas, losses, trains] = [this.items('data'), this.items('loss'), this.items('train')];
    this.reportRepeats(
      datas,
      () => 'data',
      (data) => data.name.span,
    );
    this.reportRepeats(
      trains,
      () => 'train',
      (train) => train.span,
    );
    this.reportRepeats(
      losses,
      (loss) => `a loss for ${loss.network.text}`,
      (loss) => loss.network.span,
    );
    this.reportRepeats(
      this.items('let'),
      (item) => `a network ${item.name.text}`,
      (item) => item.name.span,
    );
    const [data] = datas;
    const [train] = trains;
    for (const item of experiment.items) {
      if (item.kind === 'assignment')
        this.scope.bindings.set(item.name.text, context.evaluator.evaluate(item.value, this.scope));
      // Networks are made over the data: it counts wherever it stands.
      if (item.kind === 'let' || item.kind === 'data') this.data ??= data && this.expandData(data);
      if (item.kind === 'let') this.bindNetwork(item.name.text, item.value);
    }
    if (!data)
      context.report(
        messages.missingInExperiment(
          'data',
          name,
          experiment.name.span,
          'add: data name { path: "...", images: "...", labels: "...", classes: 12, size: 256x256, batch: 1 }',
        ),
      );
    const objectives: ObjectiveSpec[] = [];
    for (const loss of losses) {
      const objective = this.expandLoss(loss);
      if (!objective) continue;
      context.places.set(`/objectives/${objectives.length}`, {
        name: loss.network.span,
        value: loss.network.span,
      });
      objectives.push(objective);
    }
    const doc = experiment.comments.before.join('\n').trim();
    const settings = train && this.expandTrain(train);
    if (!train && losses.length > 0)
      context.report(
        messages.missingInExperiment(
          'train section',
          name,
          experiment.name.span,
          'add: train { epochs: 100 optimize G with adam(rate: 1e-4) }',
        ),
      );
    return {
      name,
      ...(doc && { doc }),
      ...(this.data && { data: this.data }),
      networks: [...this.networks.values()],
      objectives,
      ...(settings && { train: settings }),
    };
  }

  private items<K extends ExperimentItem['kind']>(kind: K): Extract<ExperimentItem, { kind: K }>[] {
    return this.experiment.items.filter(
      (item): item is Extract<ExperimentItem, { kind: K }> => item.kind === kind,
    );
  }

  /** Reports items that may be written once only, by what they are. */
  private reportRepeats<T>(items: readonly T[], what: (item: T) => string, spanOf: (item: T) => Span): void {
    const firsts = new Map<string, Span>();
    for (const item of items) {
      const first = firsts.get(what(item));
      if (first) this.context.report(messages.duplicateItem(what(item), spanOf(item), first));
      else firsts.set(what(item), spanOf(item));
    }
  }

  /** Evaluates settings into plain JSON, remembering where each was written. */
  private settings(entries: readonly Entry[], pointer: string): Record<string, unknown> {
    const { context } = this;
    const result: Record<string, unknown> = {};
    const written = new Map<string, Span>();
    for (const { name, value: expression } of entries) {
      const key = `${pointer}/${name.text}`;
      const first = written.get(key);
      if (first) {
        context.report(messages.duplicateItem(`setting '${name.text}'`, name.span, first));
        continue;
      }
      written.set(key, name.span);
      context.places.set(key, { name: name.span, value: expression.span });
      const value = context.evaluator.evaluate(expression, this.scope);
      const json = toJson(value);
      if (json === undefined) context.broken.add(key);
      else result[name.text] = json;
      if (json === undefined && !holdsUnknown(value))
        context.report(
          messages.wrongType(
            name.text,
            'a number, string, size or list of them',
            describe(value),
            expression.span,
          ),
        );
    }
    return result;
  }

  private expandData(data: Data): DataSpec {
    this.context.places.set('/data', { name: data.name.span, value: data.name.span });
    // The schema judges the settings; what is missing or wrong is reported from there.
    return { name: data.name.text, ...this.settings(data.settings.entries, '/data') } as unknown as DataSpec;
  }

  private expandTrain(train: Train): TrainSpec {
    const { context } = this;
    // The word alone: the section may be long.
    const keyword = { ...train.span, end: train.span.start + 'train'.length };
    context.places.set('/train', { name: keyword, value: keyword });
    const settings = this.settings(train.settings, '/train');
    this.reportRepeats(
      train.optimizers,
      (item) => `an optimizer for ${item.network.text}`,
      (item) => item.network.span,
    );
    const optimizers: OptimizerSpec[] = [];
    for (const item of train.optimizers) {
      const value = context.evaluator.evaluate(item.optimizer, this.scope);
      if (!this.isNetwork(item.network.text, item.network.span) || value.kind === 'unknown') continue;
      if (value.kind !== 'optimizer') {
        context.report(messages.wrongType('optimizer', 'adam(...)', describe(value), item.optimizer.span));
        continue;
      }
      this.placeOptimizer(item, `/train/optimizers/${optimizers.length}`);
      optimizers.push({ network: item.network.text, ...value.settings });
    }
    return { ...settings, optimizers };
  }

  private placeOptimizer(item: Optimize, pointer: string): void {
    const { places } = this.context;
    places.set(pointer, { name: item.network.span, value: item.optimizer.span });
    if (item.optimizer.kind !== 'call') return;
    for (const { name, value } of item.optimizer.arguments)
      if (name) places.set(`${pointer}/${name.text}`, { name: name.span, value: value.span });
  }

  /** Tells whether a name is bound to a network; reports it where it is not. */
  private isNetwork(name: string, span: Span): boolean {
    const value = this.scope.bindings.get(name);
    if (value?.kind === 'network') return true;
    if (value?.kind !== 'unknown')
      this.context.report(messages.unknownNetwork(name, span, this.networkNames(), value && describe(value)));
    return false;
  }

  private networkNames(): string[] {
    return [...this.scope.bindings].flatMap(([name, value]) => (value.kind === 'network' ? [name] : []));
  }

  private bindNetwork(name: string, expression: Expression): void {
    const { context } = this;
    const value = context.evaluator.evaluate(expression, this.scope);
    this.scope.bindings.set(name, value.kind === 'block' ? { kind: 'network', name } : value);
    if (value.kind !== 'block' || !hasSize(this.data)) return;
    const { span } = expression;
    const expanded = expandNetwork(name, value, span, inputsOfData(this.data), context, this.networks);
    if (!expanded) return;
    const { network, picture } = expanded;
    context.places.set(`/networks/${this.networks.size}`, { name: span, value: span });
    this.networks.set(name, network);
    if (isGenerator(network) && String(picture) !== String(shapeOfPictures(this.data)))
      this.isPictureWrong = true;
  }

  private reportNoGenerator(span: Span): Value {
    if (!this.isGeneratorMissed)
      this.context.evaluator.fail(messages.noGenerator(span, this.networks.keys()));
    this.isGeneratorMissed = true;
    return unknown;
  }

  private expandLoss(loss: Loss): ObjectiveSpec | undefined {
    const { context } = this;
    const name = loss.network.text;
    if (!this.isNetwork(name, loss.network.span) || !hasSize(this.data)) return undefined;
    // A network has mistakes, which were reported, or a rule is going to.
    if (this.networks.size < this.networkNames().length || this.isPictureWrong) return undefined;
    const recorder = new Recorder(`loss ${name}`, this.networks, context.placeOf);
    const step = new StepContext(name, this.networks, recorder, this.data, context, (span) =>
      this.reportNoGenerator(span),
    );
    const { evaluator } = context;
    evaluator.begin(recorder);
    evaluator.loss = step;
    const terms = summands(loss.value).flatMap((expression): TermSpec[] => {
      const value = evaluator.evaluate(expression, this.scope);
      if (value.kind === 'unknown') return [];
      const term = termName(expression);
      const scalar = evaluator.asTensor(value, expression.span);
      if (value.kind === 'labels' || !scalar || shapeOf(scalar.node).length > 0) {
        context.report(
          messages.notOneNumber(term === 'term' ? 'this summand' : term, describe(value), expression.span),
        );
        return [];
      }
      return [{ name: term, value: scalar.ref }];
    });
    evaluator.loss = undefined;
    evaluator.recorder = undefined;
    const at = context.placeOf(loss.span);
    return { network: name, nodes: recorder.nodes, terms: uniqueNames(terms), ...(at && { at }) };
  }
}

/** The pictures and judgements of one objective's step, each made once. */
class StepContext implements LossContext {
  private picture: Value | undefined;
  private readonly judgements = new Map<string, Value>();
  private readonly inputs: { labels: Value; real: Value };

  constructor(
    private readonly trained: string,
    private readonly networks: ReadonlyMap<string, NetworkSpec>,
    private readonly recorder: Recorder,
    data: DataSpec,
    private readonly context: ExperimentContext,
    /** Says once for all losses that no network paints. */
    private readonly noGenerator: (span: Span) => Value,
  ) {
    const { labels, real } = inputsOfData(data);
    this.inputs = { labels: recorder.bindInput(labels), real: recorder.bindInput(real) };
  }

  real(): Value {
    return this.inputs.real;
  }
  labels(): Value {
    return this.inputs.labels;
  }

  /** The generator's picture; only its own loss sends gradients through it. */
  fake(span: Span): Value {
    if (this.picture) return this.picture;
    const generator = [...this.networks.values()].find(isGenerator);
    if (!generator) return this.noGenerator(span);
    const made = this.call(generator, this.inputs.labels, this.inputs.real, span);
    const isOwn = generator.name === this.trained;
    this.picture =
      made.kind === 'tensor' && !isOwn
        ? this.context.evaluator.record('stop_gradient', [made], {}, span)
        : made;
    return this.picture;
  }

  /** One pass of D over fake and real pictures, stacked in this order (SPADE `models/pix2pix_model.py`, discriminate). */
  judge(name: string, span: Span): Value {
    const known = this.judgements.get(name);
    if (known) return known;
    const { evaluator } = this.context;
    const network = must(this.networks.get(name), `network ${name} was expanded`);
    if (!network.inputs.some((input) => input.kind === 'tensor')) {
      const judges = [...this.networks.values()].filter((one) =>
        one.inputs.some((input) => input.kind === 'tensor'),
      );
      return evaluator.fail(
        messages.notADiscriminator(
          name,
          span,
          judges.map((one) => one.name),
        ),
      );
    }
    const fake = this.fake(span);
    const { labels, real } = this.inputs;
    const stack = (first: TensorValue, second: TensorValue): Value =>
      evaluator.record('batch_concat', [first, second], {}, span);
    if (fake.kind !== 'tensor' || real.kind !== 'tensor' || labels.kind !== 'labels') return unknown;
    const pictures = stack(fake, real);
    const ids = stack(labels.ids, labels.ids);
    const edges = labels.edges && stack(labels.edges, labels.edges);
    if (pictures.kind !== 'tensor' || ids.kind !== 'tensor' || (edges && edges.kind !== 'tensor'))
      return unknown;
    const maps: Value = {
      kind: 'labels',
      ids,
      edges: edges,
      classes: labels.classes,
    };
    const said = this.call(network, maps, pictures, span);
    const half = (value: Value, index: number): Value =>
      value.kind === 'list'
        ? listOf(value.items.map((item) => half(item, index)))
        : value.kind === 'tensor'
          ? evaluator.record('batch_half', [value], { index }, span)
          : unknown;
    const judgement: Value = {
      kind: 'record',
      fields: new Map([
        ['fake', half(said, 0)],
        ['real', half(said, 1)],
      ]),
    };
    this.judgements.set(name, judgement);
    return judgement;
  }

  private call(network: NetworkSpec, labels: Value, picture: Value, span: Span): Value {
    const inputs = network.inputs.flatMap((input): TensorValue[] => {
      if (input.kind === 'noise') return [];
      if (input.kind === 'tensor') return picture.kind === 'tensor' ? [picture] : [];
      if (labels.kind !== 'labels') return [];
      return labels.edges ? [labels.ids, labels.edges] : [labels.ids];
    });
    try {
      return this.recorder.call(network, inputs, span);
    } catch (mistake) {
      if (!(mistake instanceof OpError)) throw mistake;
      return this.context.evaluator.fail(messages.shapeMismatch(mistake, network.name, [], {}, span));
    }
  }
}

/** Splits `a + 10 * b + c` into its summands. */
function summands(expression: Expression): Expression[] {
  return expression.kind === 'binary' && expression.operator === '+'
    ? [...summands(expression.left), ...summands(expression.right)]
    : [expression];
}

/** Names a summand by the block that it calls: `10 * feature_matching(D)` is `feature_matching`. */
function termName(expression: Expression): string {
  if (expression.kind === 'call' && expression.callee.kind === 'reference')
    return expression.label?.name.text ?? expression.callee.name;
  if (expression.kind === 'binary')
    return [expression.left, expression.right].map(termName).find((name) => name !== 'term') ?? 'term';
  if (expression.kind === 'unary') return termName(expression.operand);
  if (expression.kind === 'pipeline')
    return termName(expression.stages[expression.stages.length - 1] ?? expression.input);
  return 'term';
}

function uniqueNames(terms: readonly TermSpec[]): TermSpec[] {
  const counts = new Map<string, number>();
  return terms.map((term) => {
    const count = (counts.get(term.name) ?? 0) + 1;
    counts.set(term.name, count);
    return count === 1 ? term : { ...term, name: `${term.name}_${count}` };
  });
}

/** Tells whether the settings suffice to give networks their inputs; if not, the schema says what is missing. */
function hasSize(data: DataSpec | undefined): data is DataSpec {
  const size = data?.size as Partial<DataSpec['size']> | undefined;
  return [size?.width, size?.height, data?.classes].every(
    (value) => Number.isInteger(value) && Number(value) >= 1,
  );
}

/** Reads a value as JSON; undefined where it is none. */
function toJson(value: Value): unknown {
  switch (value.kind) {
    case 'number':
    case 'string':
    case 'boolean':
      return value.value;
    case 'none':
      return null;
    case 'size':
      return { width: value.width, height: value.height };
    case 'list': {
      const items = value.items.map(toJson);
      return items.includes(undefined) ? undefined : items;
    }
    default:
      return undefined;
  }
}
