/** What every optimizer may be given, beside settings of its own. */
import type { NumberRule } from './define.ts';

export interface CommonSettings {
  readonly network: string;
  readonly rate: number;
  /** Scales all gradients of the network down where their joint Euclidean length is more. */
  readonly clip_norm?: number;
  /** Decay of an exponential moving average of the weights, which paints in their place. */
  readonly average?: number;
  /** Steps over which the rate rises linearly from 0. */
  readonly warmup?: number;
}

/** The one setting that every call gives. */
export const rateRule: NumberRule = {
  doc: 'The learning rate.',
  above: 0,
  elsewhere: ['lr', 'learningrate'],
};

/** Those that a call may leave out. */
export const optionalRules: Readonly<Record<Exclude<keyof CommonSettings, 'network' | 'rate'>, NumberRule>> =
  {
    clip_norm: {
      doc: 'The joint Euclidean length that gradients are scaled down to.',
      above: 0,
      elsewhere: ['gradclip', 'clipgradnorm', 'maxgradnorm', 'gradientclip', 'clip'],
    },
    average: {
      doc: 'Decay of a moving average of the weights, which paints in their place.',
      from: 0,
      below: 1,
      elsewhere: ['ema', 'emadecay', 'polyak', 'averaging'],
    },
    warmup: {
      doc: 'Steps over which the rate rises linearly from 0.',
      isInteger: true,
      from: 1,
      elsewhere: ['warmupsteps', 'warmupiterations'],
    },
  };
