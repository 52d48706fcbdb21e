/**
 * Provides the step of a loss: its batch, the generator's picture, and what networks make of both. Each forward pass
 * that several summands need is recorded once; an explicit call of a network in a loss records its own.
 */
import type { Hint } from '../../dsl/fix.ts';
import type { Span } from '../../dsl/source.ts';
import { OpError, shapeOf, typeOf } from '../ir/node.ts';
import { must } from '../../dsl/errors.ts';
import type { Composite } from '../ops/composite/index.ts';
import { stopGradient } from '../ops/composite/gradient.ts';
import { add, constant, exp, mul } from '../ops/composite/pointwise.ts';
import { randomNormal } from '../ops/composite/random.ts';
import { batchConcat, batchHalf } from '../ops/composite/structure.ts';
import { encodersOf, inputsOfData, isGenerator, whyNoEncoder } from '../format/queries.ts';
import type { DataSpec, EncodedInput, InputSpec, NetworkSpec } from '../format/types.ts';
import { askedOf } from './values/asked-of.ts';
import { bind, placeOfArgument } from './builtins/arguments.ts';
import type { Evaluator } from './evaluate.ts';
import type { LossContext, Argumented, WrittenCall } from './values/evaluation.ts';
import * as messages from './values/messages.ts';
import { writing } from './passing.ts';
import type { Recorder } from './values/recorder.ts';
import {
  describe,
  innerShape,
  listOf,
  unknown,
  type BlockValue,
  type LabelsValue,
  type TensorValue,
  type Value,
} from './values/values.ts';

/** The pictures and judgements of one objective's step, each recorded once. */
export class StepContext implements LossContext {
  private picture: Value | undefined;
  private readonly judgements = new Map<string, Value>();
  private readonly encodings = new Map<string, Value>();
  private readonly maps: LabelsValue;
  private readonly photographs: TensorValue;
  readonly calls = new Map<Span, BlockValue>();

  constructor(
    /** The networks that the loss trains. */
    private readonly trained: readonly string[],
    private readonly networks: ReadonlyMap<string, NetworkSpec>,
    private readonly recorder: Recorder,
    data: DataSpec,
    private readonly evaluator: Evaluator,
    /** Reports once for all losses that no network is a generator. */
    private readonly noGenerator: (span: Span) => Value,
  ) {
    const { labels, real } = inputsOfData(data);
    this.maps = recorder.bindInput(labels) as LabelsValue;
    this.photographs = recorder.bindInput(real) as TensorValue;
  }

  real(): Value {
    return this.photographs;
  }
  labels(): Value {
    return this.maps;
  }

  /** The generator's picture; gradients flow through it only if the loss trains the generator. */
  fake(span: Span): Value {
    if (this.picture) return this.picture;
    const generator = [...this.networks.values()].find(isGenerator);
    if (!generator) return this.noGenerator(span);
    const made = this.pass(generator, this.maps, this.photographs, span);
    const isOwn = this.trained.includes(generator.name);
    this.picture =
      made.kind === 'tensor' && !isOwn ? this.evaluator.record(stopGradient, [made], {}, span) : made;
    return this.picture;
  }

  /**
   * Applies a discriminator to given pictures, or to fake and real ones stacked in this order in one pass (SPADE
   * `models/pix2pix_model.py`, discriminate). The result for equal arguments is recorded once.
   */
  judge(name: string, picture: TensorValue | undefined, span: Span): Value {
    const key = picture ? `${name} ${picture.ref}` : name;
    const known = this.judgements.get(key);
    if (known) return known;
    const { evaluator } = this;
    const network = this.named(name);
    if (!network.inputs.some((input) => input.kind === 'tensor'))
      return evaluator.fail(messages.notADiscriminator(name, span, this.judges()));
    if (!isJudge(network))
      return evaluator.fail(
        messages.judgedWithMore(
          name,
          network.inputs.map((input) => input.name),
          span,
        ),
      );
    const judgement = picture ? this.judgeOne(network, picture, span) : this.judgeBoth(network, span);
    this.judgements.set(key, judgement);
    return judgement;
  }

  private judgeBoth(network: NetworkSpec, span: Span): Value {
    const pictures = this.stack(this.fake(span), this.photographs, span);
    const maps = this.stackMaps(span);
    if (!pictures || !maps) return unknown;
    const said = this.pass(network, maps, pictures, span);
    return {
      kind: 'record',
      fields: new Map([
        ['fake', this.half(said, 0, span)],
        ['real', this.half(said, 1, span)],
      ]),
    };
  }

  private judgeOne(network: NetworkSpec, picture: TensorValue, span: Span): Value {
    const input = must(
      network.inputs.find(({ kind }) => kind === 'tensor'),
      'a judge has a picture among its inputs',
    );
    const [shown] = this.argument(network.name, input, picture, span) ?? [];
    return shown ? this.pass(network, this.maps, shown, span) : unknown;
  }

  private judges(): string[] {
    return [...this.networks.values()].filter(isJudge).map(({ name }) => name);
  }

  hintOfNetwork(
    { block, module }: BlockValue,
    parameter: string,
    { call, piped }: WrittenCall,
  ): Hint | string {
    const asked = askedOf(block, parameter, module);
    const fitting = asked === 'encoding' ? this.encoders() : asked === 'judge' ? this.judges() : [];
    const [only, ...others] = fitting;
    if (only !== undefined && others.length === 0) return writing(parameter, only, block, call, piped);
    return only === undefined
      ? messages.networkNeeded(asked, parameter)
      : `name one of ${fitting.join(', ')}`;
  }

  /** The networks whose output is another network's code. */
  private encoders(): string[] {
    return encodersOf({ networks: [...this.networks.values()] }).map(({ name }) => name);
  }

  private stack(first: Value, second: Value, span: Span): TensorValue | undefined {
    if (first.kind !== 'tensor' || second.kind !== 'tensor') return undefined;
    const made = this.evaluator.record(batchConcat, [first, second], {}, span);
    return made.kind === 'tensor' ? made : undefined;
  }

  /** The label maps stacked twice, once for each half of the pictures. */
  private stackMaps(span: Span): LabelsValue | undefined {
    const twice = (part: TensorValue): TensorValue | undefined => this.stack(part, part, span);
    const ids = twice(this.maps.ids);
    if (!ids) return undefined;
    return {
      ...this.maps,
      ids,
      edges: this.maps.edges && twice(this.maps.edges),
      instances: this.maps.instances && twice(this.maps.instances),
    };
  }

  private half(value: Value, index: number, span: Span): Value {
    if (value.kind === 'list') return listOf(value.items.map((item) => this.half(item, index, span)));
    return value.kind === 'tensor' ? this.evaluator.record(batchHalf, [value], { index }, span) : unknown;
  }

  /** Applies an encoder to the photographs, once per loss. */
  encoding(name: string, span: Span): Value {
    const known = this.encodings.get(name);
    if (known) return known;
    const network = this.named(name);
    const why = whyNoEncoder(network);
    if (why !== undefined) {
      const [only] = this.encoders();
      const hint = only === undefined ? messages.networkNeeded('encoding', 'E') : `${only} is an encoder`;
      return this.evaluator.fail(messages.notAnEncoder(name, why, span, hint));
    }
    // Without a network that takes its code, an encoder would learn the same code for all photographs.
    const isTaken = [...this.networks.values()].some(({ inputs }) =>
      inputs.some((input) => input.kind === 'encoded' && input.encoder === name),
    );
    if (!isTaken) return this.evaluator.fail(messages.codeNotTaken(name, span));
    const said = this.pass(network, this.maps, this.photographs, span);
    this.encodings.set(name, said);
    return said;
  }

  /** The code for an input: the encoder's output, or a sample of the distribution that it describes. */
  private code(network: NetworkSpec, input: EncodedInput, span: Span): Value {
    const said = this.encoding(input.encoder, span);
    const { evaluator } = this;
    if (!input.sampled || said.kind !== 'list') return said;
    const [mean, logVariance] = said.items;
    const record = (op: Composite, ...inputs: readonly (Value | undefined)[]): Value =>
      inputs.every((value) => value?.kind === 'tensor') ? evaluator.record(op, inputs, {}, span) : unknown;
    // z = mean + exp(log_variance / 2) * normal (Kingma and Welling 2014, section 2.4)
    const half = evaluator.record(constant, [], { value: 0.5 }, span);
    const deviation = record(exp, record(mul, logVariance, half));
    const name = `${network.name}.${input.name}`;
    const normal = evaluator.record(randomNormal, [], { shape: [...input.shape], name }, span);
    return record(add, mean, record(mul, deviation, normal));
  }

  /** Applies a network to a map and a picture; noise is drawn, codes are computed. */
  private pass(network: NetworkSpec, maps: LabelsValue, picture: Value, span: Span): Value {
    const inputs: TensorValue[] = [];
    for (const input of network.inputs) {
      if (input.kind === 'noise') continue;
      if (input.kind === 'labels') inputs.push(...partsOf(maps));
      else {
        const value = input.kind === 'tensor' ? picture : this.code(network, input, span);
        if (value.kind !== 'tensor') return unknown;
        inputs.push(value);
      }
    }
    return this.record(network, inputs, span);
  }

  /** Applies a network to arguments by position or name; noise, codes and the step's label map may be omitted. */
  call(name: string, given: Argumented): Value {
    const network = this.named(name);
    const { evaluator } = this;
    const names = network.inputs.map((input) => input.name);
    const bound = bind(evaluator, name, given, [], names);
    if (!bound) return unknown;
    const drawsNoise = network.inputs.every((input) => input.kind !== 'noise' || !bound.has(input.name));
    const inputs: TensorValue[] = [];
    for (const [index, input] of network.inputs.entries()) {
      const value = bound.get(input.name);
      if (value) {
        const parts = this.argument(name, input, value, placeOfArgument(given, input.name, index));
        if (!parts) return unknown;
        inputs.push(...parts);
      } else if (input.kind === 'labels') {
        inputs.push(...partsOf(this.maps));
      } else if (input.kind === 'tensor') {
        return evaluator.fail(
          messages.missingArgument(name, input.name, given.span, `add '${input.name}: ...', such as real()`),
        );
      } else if (input.kind === 'encoded' || !drawsNoise) {
        const made =
          input.kind === 'encoded'
            ? this.code(network, input, given.span)
            : evaluator.record(
                randomNormal,
                [],
                { shape: [...input.shape], name: `${name}.${input.name}` },
                given.span,
              );
        if (made.kind !== 'tensor') return unknown;
        inputs.push(made);
      }
    }
    return this.record(network, inputs, given.span);
  }

  /** Reads an argument as an input of a network, whose size is fixed; undefined if it does not fit. */
  private argument(network: string, input: InputSpec, value: Value, span: Span): TensorValue[] | undefined {
    const wrong = (hint: string | undefined): undefined => {
      const expected =
        input.kind === 'labels'
          ? `a label map ${input.width}x${input.height} of ${input.classes} classes`
          : describeShape(input.shape);
      this.evaluator.fail(messages.wrongInput(network, input.name, expected, describe(value), span, hint));
      return undefined;
    };
    if (input.kind === 'labels') {
      if (value.kind !== 'labels') return wrong('labels() gives the label maps of the step');
      const [height, width] = innerShape(value.ids);
      return height === input.height && width === input.width
        ? partsOf(value)
        : wrong(
            `a network is made for one size: resize(map, height: ${input.height}, width: ${input.width})`,
          );
    }
    if (value.kind === 'labels') return wrong('labels().one_hot has the classes as channels');
    if (value.kind === 'noise') return wrong(`leave it out, or draw it: random_normal([${value.size}])`);
    const tensor = this.evaluator.asTensor(value, span);
    if (tensor?.batched !== true || typeOf(tensor.node).dtype !== 'f32') return wrong(undefined);
    const shape = innerShape(tensor);
    if (String(shape) === String(input.shape)) return [tensor];
    const [height, width, channels] = input.shape;
    const isSize = shape.length === 3 && shape[2] === channels;
    return wrong(
      isSize
        ? `a network is made for one size: resize_bilinear(x, height: ${height}, width: ${width})`
        : undefined,
    );
  }

  private record(network: NetworkSpec, inputs: readonly TensorValue[], span: Span): Value {
    const batches = new Set(inputs.map((input) => shapeOf(input.node)[0]));
    if (batches.size > 1) return this.evaluator.fail(messages.batchesDiffer(network.name, span));
    try {
      return this.recorder.call(network, inputs, span);
    } catch (mistake) {
      if (!(mistake instanceof OpError)) throw mistake;
      return this.evaluator.fail(messages.shapeMismatch(mistake, network, [], {}, span, true));
    }
  }

  private named(name: string): NetworkSpec {
    return must(this.networks.get(name), `network ${name} was expanded`);
  }
}

function partsOf({ ids, edges, instances }: LabelsValue): TensorValue[] {
  return [ids, edges, instances].filter((part) => part !== undefined);
}

/** Tells whether `judge` can apply a network: its inputs are one picture and optionally the label map. */
function isJudge({ inputs }: NetworkSpec): boolean {
  const count = (kind: InputSpec['kind']): number => inputs.filter((input) => input.kind === kind).length;
  return count('tensor') === 1 && count('labels') <= 1 && count('tensor') + count('labels') === inputs.length;
}

function describeShape(shape: readonly number[]): string {
  return shape.length === 3
    ? `a tensor of height ${shape[0]}, width ${shape[1]}, ${shape[2]} channels`
    : `a tensor of shape [${shape.join(', ')}]`;
}
