/**
 * Makes a language function from each optimizer: the rate, then its own settings, then the settings of all optimizers.
 */
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
      // The names match the settings of this kind of optimizer, and the rate is given.
      const all = { kind, ...presets, ...given } as unknown as OptimizerValue['settings'];
      return { kind: 'optimizer', settings: all };
    },
  });
}
