/** Makes a function of the language of each optimizer: the rate, then its own settings, then those that every optimizer has. */
import { settingsOf, type Optimizer } from '../../optimizers/index.ts';
import type { OptimizerValue } from '../values/values.ts';
import { defineBuiltin, type Builtin } from './define.ts';
import { optional, real } from './parameters.ts';

export function fromOptimizer(definition: Optimizer): Builtin {
  const { kind, doc, settings } = definition;
  const presets = Object.fromEntries(Object.entries(settings).map(([name, rule]) => [name, rule.default]));
  const names = settingsOf(definition).map(([name]) => name);
  return defineBuiltin({
    name: kind,
    role: 'optimizer',
    doc,
    parameters: Object.fromEntries(names.map((name) => [name, name === 'rate' ? real : optional(real)])),
    apply: (given) => {
      // The names are those of the kind's settings, and the rate is given.
      const all = { kind, ...presets, ...given } as unknown as OptimizerValue['settings'];
      return { kind: 'optimizer', settings: all };
    },
  });
}
