/** Expands an experiment into a spec body: its networks over the data's inputs, then each loss over calls of them. */
import { type Hint, removing, replacing, inserting } from '../../dsl/fix.ts';
import { hintOfTooFew, type Evaluator, docOf } from './evaluate.ts';
import { textOf, type Source, type Span } from '../../dsl/source.ts';
import { inWords } from '../../dsl/words.ts';
import {
  children,
  type Block,
  type Data,
  type Entry,
  type Experiment,
  type ExperimentItem,
  type Expression,
  type Load,
  type Loss,
  type Name,
  type Node,
  type Optimize,
  type Parameter,
  type Train,
} from '../../dsl/ast.ts';
import type { Diagnostic } from '../../dsl/diagnostic.ts';
import { carriedOver } from '../messages/carried-over.ts';
import { shapeOf } from '../ir/node.ts';
import {
  longestSide,
  mostClasses,
  type DataSpec,
  type InputSpec,
  type NetworkSpec,
  type ObjectiveSpec,
  type Place,
  type Spec,
  type TermSpec,
  type TrainSpec,
} from '../format/types.ts';
import {
  inputsOfData,
  isGenerator,
  isMappingFile,
  shapeOfPictures,
  whyNoEncoder,
} from '../format/queries.ts';
import { optimizers, type OptimizerSpec } from '../optimizers/index.ts';
import type { Budget } from './values/budget.ts';
import { builtins } from './builtins/index.ts';
import type { Scope } from './values/evaluation.ts';
import * as messages from './values/messages.ts';
import { fillInData } from './data.ts';
import { picturesOfStep } from './operand-hints.ts';
import { relocate } from './modules.ts';
import type { DataPresets, Module } from './values/module.ts';
import { Recorder, toRefTree } from './values/recorder.ts';
import { StepContext } from './step-context.ts';
import { callOf, namelessTerm, summandsOf } from './terms.ts';
import { typeRules } from './values/value-types.ts';
import { writtenCall } from './written.ts';
import { describe, holdsUnknown, innerShape, unknown, type BlockValue, type Value } from './values/values.ts';

/** Maps JSON pointers of the spec to the places of their name and value, so that schema errors have source places. */
export type PointerPlaces = Map<string, { readonly name: Span; readonly value: Span }>;

export interface ExperimentContext {
  readonly evaluator: Evaluator;
  readonly report: (diagnostic: Diagnostic) => void;
  readonly budget: Budget;
  /** The file being expanded; the spec's paths are relative to it. */
  readonly main: Source;
  readonly placeOf: (span: Span | undefined) => Place | undefined;
  /** Finds the module whose names a text may use: parts of an experiment may come from several files. */
  readonly moduleOf: (source: Source) => Module | undefined;
  readonly places: PointerPlaces;
  /** JSON pointers of settings with a mistake: they are not in the spec, but must not be reported as missing. */
  readonly broken: Set<string>;
  readonly presets: DataPresets;
  /** The names of weight mappings, if known. */
  readonly mappings: readonly string[] | undefined;
}

/** The part of a spec that an experiment or a single network gives. */
export type SpecBody = Pick<Spec, 'name' | 'doc' | 'data' | 'networks' | 'objectives' | 'train'>;

/** Expands an experiment; parts with mistakes are reported and left out. */
export function expandExperiment(
  experiment: Experiment,
  module: Module,
  context: ExperimentContext,
): SpecBody {
  return new ExperimentExpansion(experiment, module, context).expand();
}

interface ExpandedNetwork {
  readonly network: NetworkSpec;
  /** The network's result, with the shapes of its tensors. */
  readonly result: Value;
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

/** Looks up a name given by a user; inherited properties such as `constructor` do not count. */
function ownValue<T>(values: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return values && Object.hasOwn(values, name) ? values[name] : undefined;
}

/** Expands a single network with its data parameters as inputs; `span` is where the experiment or file declares it. */
export function expandNetwork(
  name: string,
  value: BlockValue,
  span: Span,
  given: {
    readonly labels: InputSpec;
    readonly real: InputSpec;
    /** The input used for vectors if no experiment declares one. */
    readonly latent?: InputSpec;
    readonly byName?: Readonly<Record<string, GivenInput>>;
  },
  context: ExperimentContext,
  networks: ReadonlyMap<string, NetworkSpec>,
): ExpandedNetwork | undefined {
  const { evaluator } = context;
  const { block } = value;
  const recorder = new Recorder(name, networks, context.placeOf, context.budget);
  const bound = new Map(value.bound);
  for (const parameter of block.parameters) {
    const key = parameter.name.text;
    const argument = bound.get(key);
    const own = ownValue(given.byName, key);
    if (own) bound.set(key, recorder.input({ ...own, name: key }));
    else if (argument?.kind === 'noise')
      bound.set(key, recorder.input({ name: key, kind: 'noise', shape: [argument.size] }));
    else if (argument?.kind === 'encoded') {
      const { network: encoder, shape, sampled } = argument;
      bound.set(key, recorder.input({ name: key, kind: 'encoded', shape, encoder, sampled }));
    } else if (argument === undefined && !parameter.default) {
      const type = parameter.type?.name;
      if (type === 'LabelMap') bound.set(key, recorder.input({ ...given.labels, name: key }));
      else if (type === 'Image') bound.set(key, recorder.input({ ...given.real, name: key }));
      else if (type === 'Latent' && given.latent)
        bound.set(key, recorder.input({ ...given.latent, name: key }));
      else if (type !== undefined && !typeRules.has(type)) return undefined;
      else {
        evaluator.fail(
          messages.missingArgument(block.name.text, key, span, hintOfInput(parameter, block, span)),
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
    const expected = 'a tensor or nested lists of them';
    const hint = hintOfTooFew(block, bound);
    evaluator.fail(
      messages.wrongType(`result of ${block.name.text}`, expected, describe(result), span, hint),
    );
    return undefined;
  }
  const doc = docOf(block);
  const at = context.placeOf(span);
  return {
    result,
    network: {
      name,
      ...writtenCall(value),
      ...(doc && { doc }),
      inputs: recorder.inputs,
      variables: [...recorder.variables.values()],
      nodes: recorder.nodes,
      outputs,
      ...(at && { at }),
    },
  };
}

/**
 * Gives a hint on where a network parameter gets its value: from the data by its type, from a default, or from the
 * experiment.
 */
function hintOfInput(parameter: Parameter, { name, parameters }: Block, span: Span): Hint | string {
  const { type } = parameter;
  const key = parameter.name.text;
  const { source, end } = parameter.name.span;
  if (type?.name === 'Latent')
    return `add '${key}: noise(256)', or '${key}: encoded(E)' where a network E encodes the photograph`;
  const isBroad = type === undefined || type.name === 'Tensor';
  const input = isBroad ? carriedOver(key).find((one) => inputTypes.has(one)) : undefined;
  const say = (): string => `say what gives it: ${key}: ${input}`;
  if (input !== undefined && type) return replacing(type.span, input, say);
  if (input !== undefined) return inserting(source, end, `: ${input}`, say);
  const after = parameters[parameters.indexOf(parameter) + 1];
  if (key === 'self' && after)
    return removing({ ...parameter.span, end: after.span.start }, 'networks have no self: leave it out');
  // An experiment passes values where it binds the network; a network without an experiment needs defaults.
  const isAlone = span === name.span;
  return isAlone
    ? isBroad
      ? `give it a type of data (${key}: LabelMap), or a default (${key} = ...)`
      : `give it a default: ${key}: ${type.name} = ...`
    : `add '${key}: ...': only parameters of type LabelMap and Image are inputs, which the data gives`;
}

class ExperimentExpansion {
  private readonly scope: Scope;
  private readonly networks = new Map<string, NetworkSpec>();
  private readonly results = new Map<string, Value>();
  private data: DataSpec | undefined;
  /** Whether the generator's output has the wrong size: losses would only repeat that mistake. */
  private isPictureWrong = false;
  private isGeneratorMissed = false;

  constructor(
    private readonly experiment: Experiment,
    module: Module,
    private readonly context: ExperimentContext,
  ) {
    const bindings = [...this.items('let'), ...this.items('assignment')];
    this.scope = {
      module,
      moduleOf: context.moduleOf,
      bindings: new Map(),
      declared: new Map(bindings.map(({ name }) => [name.text, name.span])),
    };
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
      losses.flatMap((loss) => loss.networks),
      (network) => `a loss for ${network.text}`,
      (network) => network.span,
      (network, first) => hintOfSecondLoss(losses, network, first),
    );
    this.reportRepeats(
      this.items('load'),
      (item) => `weights for ${item.network.text}`,
      (item) => item.network.span,
    );
    this.reportRepeats(
      this.items('let'),
      (item) => `a network ${item.name.text}`,
      (item) => item.name.span,
    );
    const [data] = datas;
    const [train] = trains;
    context.evaluator.encoded = (network, span) => this.encoded(network, span);
    for (const item of experiment.items) {
      if (item.kind === 'assignment')
        this.scope.bindings.set(item.name.text, context.evaluator.evaluate(item.value, this.scope));
      // Networks need the data, so data is expanded first, in whatever order they are written.
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
    context.evaluator.encoded = undefined;
    for (const item of this.items('load')) this.loadWeights(item);
    const objectives: ObjectiveSpec[] = [];
    for (const loss of losses) {
      const objective = this.expandLoss(loss);
      if (!objective) continue;
      const pointer = `/objectives/${objectives.length}`;
      const [first, ...others] = loss.networks;
      context.places.set(pointer, { name: first.span, value: first.span });
      others.forEach(({ span }, index) =>
        context.places.set(`${pointer}/together/${index}`, { name: span, value: span }),
      );
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

  /** Reports items that are repeated but may occur once. */
  private reportRepeats<T>(
    items: readonly T[],
    what: (item: T) => string,
    spanOf: (item: T) => Span,
    hintFor?: (item: T, first: T) => Hint | undefined,
  ): void {
    const firsts = new Map<string, T>();
    for (const item of items) {
      const first = firsts.get(what(item));
      if (first === undefined) firsts.set(what(item), item);
      else {
        const hint = hintFor?.(item, first);
        this.context.report(messages.duplicateItem(what(item), spanOf(item), spanOf(first), hint));
      }
    }
  }

  /** Evaluates settings into plain JSON and records the place of each. */
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
    const settings = this.settings(data.settings.entries, '/data');
    const path = data.settings.entries.find(({ name }) => name.text === 'path');
    if (path && typeof settings['path'] === 'string')
      settings['path'] = this.fromSpec(settings['path'], path.value.span);
    const preset = this.presetOf(settings['preset']);
    // The schema validates the settings and reports what is missing or wrong.
    return { name: data.name.text, ...fillInData(settings, preset) } as unknown as DataSpec;
  }

  /** Converts a path relative to the file it was written in to one relative to the spec's file. */
  private fromSpec(path: string, { source }: Span): string {
    // A setting from the command line is relative to the experiment's file.
    const file = this.context.moduleOf(source)?.file.source ?? source;
    return relocate(path, file, this.context.main);
  }

  /** Gives the settings of a preset; reports an unknown one. */
  private presetOf(name: unknown): DataPresets[string] {
    const { presets, places, report } = this.context;
    const preset = typeof name === 'string' ? ownValue(presets, name) : undefined;
    const place = places.get('/data/preset');
    if (typeof name === 'string' && !preset && place)
      report(messages.unknownPreset(name, place.value, Object.keys(presets)));
    return preset ?? {};
  }

  private expandTrain(train: Train): TrainSpec {
    const { context } = this;
    // Only the keyword is underlined, as the section may be long.
    const keyword = { ...train.span, end: train.span.start + 'train'.length };
    context.places.set('/train', { name: keyword, value: keyword });
    const settings = this.settings(train.settings, '/train');
    this.reportRepeats(
      train.optimizers.flatMap((item) => item.networks),
      (network) => `an optimizer for ${network.text}`,
      (network) => network.span,
    );
    const chosen: OptimizerSpec[] = [];
    for (const item of train.optimizers) {
      const value = context.evaluator.evaluate(item.optimizer, this.scope);
      const networks = item.networks.filter(({ text, span }) => this.isNetwork(text, span));
      if (networks.length === 0 || value.kind === 'unknown') continue;
      if (value.kind !== 'optimizer') {
        const known = inWords(
          optimizers.map(({ kind }) => `${kind}(...)`),
          'or',
        );
        context.report(messages.wrongType('optimizer', known, describe(value), item.optimizer.span));
        continue;
      }
      for (const network of networks) {
        this.placeOptimizer(item, network, `/train/optimizers/${chosen.length}`);
        chosen.push({ network: network.text, ...value.settings });
      }
    }
    return { ...settings, optimizers: chosen };
  }

  private placeOptimizer(item: Optimize, network: Name, pointer: string): void {
    const { places } = this.context;
    places.set(pointer, { name: network.span, value: item.optimizer.span });
    if (item.optimizer.kind !== 'call') return;
    const { callee } = item.optimizer;
    const known = callee.kind === 'reference' ? builtins.get(callee.name)?.names : undefined;
    for (const [index, { name, value }] of item.optimizer.arguments.entries()) {
      const key = name?.text ?? known?.[index];
      if (key !== undefined)
        places.set(`${pointer}/${key}`, { name: name?.span ?? value.span, value: value.span });
    }
  }

  /** Tells whether a name is bound to a network; reports it otherwise. */
  private isNetwork(name: string, span: Span): boolean {
    const value = this.scope.bindings.get(name);
    if (value?.kind === 'network') return true;
    if (value?.kind !== 'unknown') {
      const found = value && describe(value);
      const bound =
        (value?.kind === 'block' && value.block.keyword === 'network') || value?.kind === 'none'
          ? this.scope.declared?.get(name)
          : undefined;
      this.context.report(messages.unknownNetwork(name, span, this.networkNames(), found, bound));
    }
    return false;
  }

  private networkNames(): string[] {
    return [...this.scope.bindings].flatMap(([name, value]) => (value.kind === 'network' ? [name] : []));
  }

  private bindNetwork(name: string, expression: Expression): void {
    const { context } = this;
    const { span } = expression;
    const found = context.evaluator.evaluate(expression, this.scope);
    const isFit = ['block', 'none', 'unknown'].includes(found.kind);
    const value = isFit ? found : context.evaluator.fail(messages.notANetwork(name, describe(found), span));
    this.scope.bindings.set(name, value.kind === 'block' ? { kind: 'network', name } : value);
    if (value.kind !== 'block' || !hasSize(this.data)) return;
    context.evaluator.changes = changesIn(expression);
    const expanded = expandNetwork(name, value, span, inputsOfData(this.data), context, this.networks);
    context.evaluator.changes = [];
    if (!expanded) return;
    const { network, result } = expanded;
    this.results.set(name, result);
    const picture = result.kind === 'tensor' ? innerShape(result) : undefined;
    context.places.set(`/networks/${this.networks.size}`, { name: span, value: span });
    this.networks.set(name, network);
    if (isGenerator(network) && String(picture) !== String(shapeOfPictures(this.data)))
      this.isPictureWrong = true;
  }

  /** The code that a network makes of the photograph, as another network's input. */
  private encoded(name: string, span: Span): Value {
    const { evaluator } = this.context;
    const [network, result] = [this.networks.get(name), this.results.get(name)];
    if (!network || !result) return unknown; // mistakes and missing data are reported elsewhere
    const why = whyNoEncoder(network);
    if (why !== undefined) return evaluator.fail(messages.notAnEncoder(name, why, span));
    const [mean, logVariance, ...others] = result.kind === 'list' ? result.items : [result];
    const isOne = result.kind === 'tensor';
    const isPair = logVariance?.kind === 'tensor' && others.length === 0;
    if (mean?.kind === 'tensor' && (isOne || isPair)) {
      const shape = innerShape(mean);
      const fits = !isPair || String(innerShape(logVariance)) === String(shape);
      if (fits && mean.batched) return { kind: 'encoded', network: name, shape, sampled: isPair };
    }
    return evaluator.fail(messages.wrongEncoding(name, describeResult(result), span));
  }

  /** Sets the weight file that a network starts from. */
  private loadWeights({ network: { text: name, span }, path, mapping }: Load): void {
    const network = this.networks.get(name);
    if (!this.isNetwork(name, span) || !network) return;
    const pointer = `/networks/${[...this.networks.keys()].indexOf(name)}/weights`;
    const { places } = this.context;
    places.set(pointer, { name: span, value: span });
    places.set(`${pointer}/path`, { name: path.span, value: path.span });
    if (mapping) places.set(`${pointer}/mapping`, { name: mapping.span, value: mapping.span });
    const isFile = mapping && isMappingFile(mapping.value);
    const known = this.context.mappings;
    if (mapping?.value && !isFile && known && !known.includes(mapping.value))
      this.context.report(messages.unknownMapping(mapping.value, mapping.span, known));
    const weights = {
      path: this.fromSpec(path.value, path.span),
      ...(mapping && { mapping: isFile ? this.fromSpec(mapping.value, mapping.span) : mapping.value }),
    };
    this.networks.set(name, { ...network, weights });
  }

  private reportNoGenerator(span: Span): Value {
    if (!this.isGeneratorMissed)
      this.context.evaluator.fail(messages.noGenerator(span, this.networks.keys()));
    this.isGeneratorMissed = true;
    return unknown;
  }

  private expandLoss(loss: Loss): ObjectiveSpec | undefined {
    const { context } = this;
    const known = loss.networks.filter(({ text, span }) => this.isNetwork(text, span));
    if (known.length < loss.networks.length || !hasSize(this.data)) return undefined;
    const trained = [...new Set(known.map(({ text }) => text))];
    const [name = '', ...together] = trained;
    // A loss over networks with mistakes is not expanded: the mistakes are reported elsewhere.
    const isBroken = this.items('let').some(
      (item) => this.scope.bindings.get(item.name.text)?.kind === 'unknown',
    );
    if (isBroken || this.networks.size < this.networkNames().length || this.isPictureWrong) return undefined;
    const recorder = new Recorder(`loss ${name}`, this.networks, context.placeOf, context.budget);
    const { evaluator } = context;
    const step = new StepContext(trained, this.networks, recorder, this.data, evaluator, (span) =>
      this.reportNoGenerator(span),
    );
    evaluator.begin(recorder);
    evaluator.loss = step;
    const terms = summandsOf(loss.value).flatMap(({ name: term, expression }): TermSpec[] => {
      const value = evaluator.evaluate(expression, this.scope);
      if (value.kind === 'unknown') return [];
      const lacking = evaluator.calls.lackOf(value, expression, this.scope);
      if (lacking) {
        evaluator.fail(lacking);
        return [];
      }
      const scalar = evaluator.asTensor(value, expression.span);
      if (value.kind === 'labels' || !scalar || shapeOf(scalar.node).length > 0) {
        context.report(
          messages.notOneNumber(
            term === namelessTerm ? 'this summand' : term,
            describe(value),
            expression.span,
            hintOfSummand(value, expression, name),
          ),
        );
        return [];
      }
      const call = callOf(expression);
      const called = call && step.calls.get(call.span);
      return [{ name: term, value: scalar.ref, ...(called && writtenCall(called)) }];
    });
    evaluator.loss = undefined;
    evaluator.recorder = undefined;
    const at = context.placeOf(loss.span);
    return {
      network: name,
      ...(together.length > 0 && { together }),
      nodes: recorder.nodes,
      terms,
      ...(at && { at }),
    };
  }
}

/** Gives a hint that makes a number of a summand: call it, sum its parts, or take a mean. */
function hintOfSummand(value: Value, written: Expression, network: string): Hint | string {
  const { span } = written;
  switch (value.kind) {
    case 'builtin':
      return picturesOfStep.has(value.name)
        ? `call it, and take a mean: mean(${value.name}())`
        : `call it: ${value.name}(...)`;
    case 'block':
      return written.kind === 'reference'
        ? inserting(span.source, span.end, '()', () => `call it: ${written.name}()`)
        : 'call it: what is to be a loss is given all that it takes';
    case 'network':
      return `a network is asked by what calls it, such as gan_generator(${value.name})`;
    case 'list': {
      const sum = written.kind === 'list' ? written.items.map((item) => textOf(item.span)).join(' + ') : '';
      return sum === ''
        ? 'add its parts up: a + b'
        : replacing(span, sum, (text) => `a loss is a sum: ${text}`);
    }
    case 'none':
      return `a network without a loss is left out as a whole, with its optimizer: let ${network} = none in a variant`;
    case 'tensor':
    case 'labels':
      return 'take its mean: mean(x)';
    default:
      return 'a loss is computed from networks and pictures: gan_generator(D) + 10 * l1()';
  }
}

/** Adds a second loss of a network to the first, if each trains only that network. */
function hintOfSecondLoss(losses: readonly Loss[], second: Name, first: Name): Hint | undefined {
  const lossOf = (name: Name): Loss | undefined => losses.find(({ networks }) => networks.includes(name));
  const [own, other] = [lossOf(first), lossOf(second)];
  if (!own || !other || own.networks.length > 1 || other.networks.length > 1) return undefined;
  const isSum = [own, other].every(({ value }) => value.kind === 'call' || value.kind === 'binary');
  const isNear = own.span.source === other.span.source && own.value.span.end <= other.span.start;
  if (!isSum || !isNear) return undefined;
  const added = inserting(
    own.span.source,
    own.value.span.end,
    ` + ${textOf(other.value.span)}`,
    (text) => `a loss is one sum: loss ${first.text} = ... ${text}`,
  );
  return { words: added.words, fix: [...added.fix, ...removing(other.span, '').fix] };
}

/** The types of inputs that come from data or noise. */
const inputTypes: ReadonlySet<string> = new Set(['LabelMap', 'Image', 'Latent']);

/** Finds the arguments inside a call that were written elsewhere: by variants, or on a command line. */
function changesIn(expression: Expression): Span[] {
  const isInside = ({ source, start, end }: Span): boolean =>
    source === expression.span.source && expression.span.start <= start && end <= expression.span.end;
  const find = (node: Node): Span[] =>
    node.kind === 'argument' && !isInside(node.span) ? [node.span] : children(node).flatMap(find);
  return find(expression);
}

/** Describes what a network returns, item by item if it is a short list. */
function describeResult(result: Value): string {
  return result.kind === 'list' && result.items.length <= 3
    ? `[${result.items.map(describe).join(', ')}]`
    : describe(result);
}

/**
 * Tells whether the settings give networks their input sizes; if not, the schema reports what is missing or too large.
 */
function hasSize(data: DataSpec | undefined): data is DataSpec {
  const size = data?.size as Partial<DataSpec['size']> | undefined;
  const isWithin = (value: number | undefined, most: number): boolean =>
    Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most;
  return (
    isWithin(size?.width, longestSide) &&
    isWithin(size?.height, longestSide) &&
    isWithin(data?.classes, mostClasses)
  );
}

/** Converts a value to JSON; undefined if it has no JSON form. */
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
