/** Translates a network's variables to their storage in another program: names, shapes and axis orders. */
import { sizeOf } from '../../compiler/ir/types.ts';
import type { storedOrders } from '../../compiler/format/types.ts';
import { otherVersionsNames } from './earlier-names.ts';
import { officialNames, partOf, plainMapping, type Mapping } from './mapping.ts';
import { inverse, permute } from './strides.ts';

/** A variable of a network; its name excludes the network's. */
export interface WeightVariable {
  readonly name: string;
  readonly shape: readonly number[];
  readonly stored?: keyof typeof storedOrders;
}

/** The storage of a variable in another program. */
export interface Official {
  readonly name: string;
  /** Its names in other versions of the program, or of Spadework. */
  readonly otherNames: readonly string[];
  readonly shape: readonly number[];
  /** Permutes values from the official axis order to ours. */
  toOurs(values: Float32Array): Float32Array;
  /** Permutes values (weights or gradients) from our axis order to the official one. */
  toOfficial(values: Float32Array): Float32Array;
}

/** The shape of our axes for PyTorch, and PyTorch's axis order. */
interface Layout {
  readonly ours: readonly number[];
  /** Axis i of the stored tensor is our axis order[i]. */
  readonly order: readonly number[];
  /** The shape in the file. */
  readonly shape: readonly number[];
}

/**
 * Gives the storage of each of a network's variables, by our names, in the program that a mapping describes. Throws a
 * SpadeworkError if the mapping gives two variables one name.
 */
export function officialPlaces(
  variables: readonly WeightVariable[],
  mapping: Mapping = plainMapping,
): ReadonlyMap<string, Official> {
  const names = variables.map(({ name }) => name);
  const officials = officialNames(names, mapping);
  const [known, taken] = [new Set(names), new Set(officials)];
  const byName = new Map(variables.map((variable) => [variable.name, variable]));
  return new Map(
    variables.map((variable, index) => {
      const name = officials[index] ?? variable.name;
      const { ours, order, shape } =
        mapping.layout === 'HWIO' ? unchanged(variable.shape) : layoutInTorch(variable, byName);
      const stored = order.map((axis) => ours[axis] ?? 1);
      const same = order.every((axis, i) => axis === i);
      return [
        variable.name,
        {
          name,
          otherNames: [
            ...(mapping.layout === 'HWIO' ? [] : newerNames(name, partOf(variable.name, known).kind)),
            // Old names that are current names of other variables are left out.
            ...otherVersionsNames(variable.name).filter((other) => other !== name && !taken.has(other)),
          ],
          shape,
          toOurs: (values) => (same ? values : permute(values, stored, inverse(order))),
          toOfficial: (values) => (same ? values : permute(values, ours, order)),
        },
      ];
    }),
  );
}

function unchanged(shape: readonly number[]): Layout {
  return { ours: shape, order: shape.map((_, axis) => axis), shape };
}

function layoutInTorch(variable: WeightVariable, all: ReadonlyMap<string, WeightVariable>): Layout {
  const part = partOf(variable.name, new Set(all.keys()));
  const weight = part.kind === 'beside' ? all.get(part.weight) : undefined;
  if (!weight || part.kind !== 'beside') return layoutOf(variable);
  switch (part.suffix) {
    case '_v': {
      // A value for each entry of a kernel except its output channel; PyTorch stores them flat.
      const layout = layoutOf({ shape: weight.shape.slice(0, -1) });
      return { ...layout, shape: [sizeOf(variable.shape)] };
    }
    case '_g': {
      const { shape } = layoutOf(weight);
      const outputs = weight.stored === 'IOHW' ? 1 : 0;
      return {
        ...unchanged(variable.shape),
        shape: shape.map((size, axis) => (axis === outputs ? size : 1)),
      };
    }
    default:
      return unchanged(variable.shape);
  }
}

/** PyTorch's axis order follows from the rank: kernels OIHW (or IOHW), matrices OI (or IO), scales of elements CHW. */
function layoutOf({ shape, stored }: Pick<WeightVariable, 'shape' | 'stored'>): Layout {
  const order =
    shape.length === 4
      ? stored === 'IOHW'
        ? [2, 3, 0, 1]
        : [3, 2, 0, 1]
      : shape.length === 3
        ? [2, 0, 1]
        : shape.length === 2 && stored !== 'IO'
          ? [1, 0]
          : shape.map((_, axis) => axis);
  return { ours: shape, order, shape: order.map((axis) => shape[axis] ?? 1) };
}

/** The names of PyTorch's newer reparametrization (torch.nn.utils.parametrizations). */
const parametrized: Readonly<Record<string, string>> = {
  _orig: 'original',
  _u: '0._u',
  _v: '0._v',
  _g: 'original0',
};

function newerNames(name: string, kind: 'plain' | 'learned' | 'beside'): string[] {
  const [, path = '', weight = '', suffix = ''] = /^(.*\.)?(\w+?)(_orig|_[uvg])$/.exec(name) ?? [];
  if (kind === 'plain' || weight === '') return [];
  const own = kind === 'learned' && suffix === '_v' ? 'original1' : (parametrized[suffix] ?? suffix);
  return [`${path}parametrizations.${weight}.${own}`];
}
