/** Defines the initializers, which give variables their start values. */
import type { Initializer } from '../../ir/variables.ts';
import { innerShape } from '../values/values.ts';
import { defineBuiltin, type Builtin } from './define.ts';
import { anything, optional, real } from './parameters.ts';

/** Defines an initializer whose settings are numbers with presets. */
function initializer<Setting extends string>(
  name: string,
  presets: Readonly<Record<Setting, number>>,
  make: (settings: Readonly<Record<Setting, number>>) => Initializer,
): Builtin {
  return defineBuiltin({
    name,
    role: 'initializer',
    doc: `An initializer: ${name}.`,
    parameters: Object.fromEntries(Object.keys(presets).map((setting) => [setting, optional(real)])),
    apply: (given) => ({ kind: 'initializer', initializer: make({ ...presets, ...given }) }),
  });
}

const lengthsOf = defineBuiltin({
  name: 'lengths_of',
  role: 'initializer',
  doc: 'An initializer: the lengths of a parameter along its last axis, which weight normalization starts from.',
  parameters: { w: anything },
  apply: ({ w }, { wrong }) => {
    const lengths = w.kind === 'tensor' && w.ref.startsWith('@') ? innerShape(w).at(-1) : undefined;
    if (w.kind !== 'tensor' || lengths === undefined)
      return wrong(
        'w',
        'a parameter',
        w,
        'a parametrization of a weight is given the parameter itself: block (w)',
      );
    return { kind: 'initializer', initializer: { kind: 'lengths_of', variable: w.ref.slice(1) }, lengths };
  },
});

export const initializerBuiltins: readonly Builtin[] = [
  initializer('zeros', {}, () => ({ kind: 'constant', value: 0 })),
  initializer('ones', {}, () => ({ kind: 'constant', value: 1 })),
  initializer('normal', { mean: 0, std: 1 }, ({ mean, std }) => ({ kind: 'normal', mean, std })),
  initializer('xavier_normal', { gain: 1 }, ({ gain }) => ({ kind: 'xavier_normal', gain })),
  initializer('uniform', { low: 0, high: 1 }, ({ low, high }) => ({ kind: 'uniform', low, high })),
  lengthsOf,
  initializer('unit_vector', {}, () => ({ kind: 'unit_vector' })),
];
