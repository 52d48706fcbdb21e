/** Compares the losses of two specs: their summands, factors, and the computation of each summand. */
import { isOf } from '../ops/composite/index.ts';
import { constant, mul, neg } from '../ops/composite/pointwise.ts';
import { trainedBy } from '../format/queries.ts';
import type { CallSpec, NodeSpec, ObjectiveSpec, Ref, Spec, TermSpec } from '../format/types.ts';
import { diffArguments } from './arguments.ts';
import { compared, formatSetting, pairUp, type Difference, type DiffSection } from './differences.ts';

/** Compares the losses of two specs, paired by the network that each is named after. */
export function diffObjectives(before: Spec, after: Spec): DiffSection[] {
  const signatures = new Signatures();
  const pairs = pairUp<ObjectiveSpec>(before.objectives, after.objectives, ({ network }) => network);
  const order = ({ objectives }: Spec): string => objectives.map(({ network }) => network).join(', ');
  const known = pairs.every(([, one, other]) => one && other);
  return [
    ...pairs.map(([name, one, other]) => ({
      title: `loss ${name}`,
      differences: diffObjective(name, one, other, signatures),
    })),
    { title: 'losses', differences: known ? compared('order', order(before), order(after)) : [] },
  ];
}

const otherwise = 'computed otherwise';

function diffObjective(
  network: string,
  before: ObjectiveSpec | undefined,
  after: ObjectiveSpec | undefined,
  signatures: Signatures,
): Difference[] {
  const [ours, theirs] = [before, after].map(
    (objective) => objective && readObjective(objective, signatures),
  );
  const trains = ours && theirs ? compared('trains', ours.trains, theirs.trains) : [];
  const terms = pairUp(ours?.terms ?? [], theirs?.terms ?? [], ({ name }) => name).flatMap(
    ([name, one, other]): Difference[] => {
      if (!one || !other)
        return compared(name, one && formatFactor(one.factor), other && formatFactor(other.factor));
      const factors = compared(name, formatFactor(one.factor), formatFactor(other.factor));
      if (one.signature === other.signature) return factors;
      const given = diffArguments(`loss.${network}.${name}`, one.call, other.call) ?? [];
      if (given.length > 0) return [...factors, ...given];
      if (factors.length === 0) return [{ what: name, before: 'one way', after: otherwise }];
      return factors.map((factor) => ({ ...factor, after: `${formatFactor(other.factor)}, ${otherwise}` }));
    },
  );
  return [...trains, ...terms];
}

interface Term {
  readonly name: string;
  readonly call: CallSpec;
  readonly factor: number;
  /** Equal for terms with the same computation, factors aside. */
  readonly signature: number;
}

function readObjective(
  objective: ObjectiveSpec,
  signatures: Signatures,
): { readonly trains: string; readonly terms: readonly Term[] } {
  const nodes = new Map(objective.nodes.map((node) => [node.id, node]));
  return {
    trains: trainedBy(objective).join(', '),
    terms: objective.terms.map((term) => readTerm(term, nodes, signatures)),
  };
}

/** Separates a term from its factors: `mul(constant, x)`, `neg(x)`. */
function readTerm(
  { name, value, ...call }: TermSpec,
  nodes: ReadonlyMap<string, NodeSpec>,
  signatures: Signatures,
): Term {
  let factor = 1;
  let core = value;
  for (let node = nodes.get(core); node; node = nodes.get(core)) {
    const numbers = node.inputs.map((input) => constantOf(nodes.get(input)));
    const at = numbers.findIndex((number) => number !== undefined);
    if (isOf(neg, node)) factor = -factor;
    else if (isOf(mul, node) && at >= 0) factor *= numbers[at] ?? 1;
    else break;
    core = node.inputs[isOf(neg, node) ? 0 : 1 - at] ?? core;
  }
  return { name, call, factor, signature: signatures.of(core, nodes) };
}

function constantOf(node: NodeSpec | undefined): number | undefined {
  const value = node && isOf(constant, node) ? node.attrs?.['value'] : undefined;
  return typeof value === 'number' ? value : undefined;
}

function formatFactor(factor: number): string {
  return factor === 1 ? 'present' : `x ${factor}`;
}

/** Numbers computations: equal computations get equal numbers, across both specs. */
class Signatures {
  private readonly numbers = new Map<string, number>();

  of(ref: Ref, nodes: ReadonlyMap<string, NodeSpec>, known = new Map<Ref, number>()): number {
    const [id = ref, ...leaf] = ref.split('/');
    const node = nodes.get(id);
    const own = known.get(ref);
    if (own !== undefined) return own;
    const text = node
      ? [node.op, attributesOf(node), ...node.inputs.map((one) => this.of(one, nodes, known)), ...leaf].join(
          ' ',
        )
      : ref;
    const number = this.numbers.get(text) ?? this.numbers.size;
    this.numbers.set(text, number);
    known.set(ref, number);
    return number;
  }
}

function attributesOf({ attrs = {} }: NodeSpec): string {
  const sorted = Object.entries(attrs).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return sorted.map(([key, value]) => `${key}=${formatSetting(value)}`).join(',');
}
