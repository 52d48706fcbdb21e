/** Tests the expansion of ablations: their runs and the runs' names. */
import { describe, expect, it } from 'vitest';
import { checkAblation, listAblations, type Ablation } from '../../compiler/index.ts';
import { renderDiagnostics } from '../../dsl/index.ts';
import { provider, specOf } from '../support/specs.ts';

const experiment = `use norms { spade, instance, batch, adain }
use generators { SpadeGenerator, ConcatDecoder }
use discriminators { MultiscaleDiscriminator }
use losses { gan_generator, gan_fake, gan_real, feature_matching, l1 }

experiment tiny {
  data d { path: "data", images: "a", labels: "b", classes: 3, size: 64x64, batch: 1 }
  let G = SpadeGenerator(width: 2, norm: spade())
  let D = MultiscaleDiscriminator(scales: 1, layers: 2, width: 2)
  loss G = gan_generator(D) + 10 * feature_matching(D)
  loss D = gan_fake(D) + gan_real(D)
  train {
    epochs: 5, seed: 7
    optimize G, D with adam(1e-4)
  }
}
`;

const source = (text: string) => ({ name: 'input.spade', text: experiment + text });

function ablationOf(parts: string, sets?: readonly string[]): Ablation {
  const text = source(`# What normalizes.\nablation study of tiny {\n${parts}\n}\n`);
  const { ablation, diagnostics } = checkAblation(text, provider(), { sets });
  expect(renderDiagnostics(diagnostics, { color: false })).toBe('');
  return ablation!;
}

const names = ({ runs }: Ablation) => runs.map(({ name }) => name);

describe('an ablation', () => {
  it('crosses its axes, for one seed after the other', () => {
    const ablation = ablationOf(`
      G.norm in [spade(), spade(base: instance), batch()]
      width: G.width in [2, 3]
      seeds: 2`);
    expect({ ...ablation, runs: [] }).toEqual({
      name: 'study',
      doc: 'What normalizes.',
      of: 'tiny',
      axes: [
        { name: 'G.norm', labels: ['spade', 'spade(base: instance)', 'batch'] },
        { name: 'width', labels: ['2', '3'] },
      ],
      seeds: [0, 1],
      runs: [],
    });
    const cells = [
      'spade_width-2',
      'spade_width-3',
      'spade-base-instance_width-2',
      'spade-base-instance_width-3',
      'batch_width-2',
      'batch_width-3',
    ];
    expect(names(ablation)).toEqual([0, 1].flatMap((seed) => cells.map((cell) => `${cell}_s${seed}`)));
    expect(ablation.runs[9]).toMatchObject({
      point: { 'G.norm': 'spade(base: instance)', width: '3' },
      seed: 1,
      spec: { train: { seed: 1, epochs: 5 } },
    });
  });

  it('makes of every cell the spec that the changed experiment would be', () => {
    const { runs } = ablationOf(`
      with { train.steps = 9 }
      G.norm in [instance()]
      loss.G.feature_matching in [0, 5]`);
    const written = specOf(
      experiment
        .replace('norm: spade()', 'norm: instance()')
        .replace('10 * feature', '5 * feature')
        .replace('epochs: 5', 'steps: 9'),
    );
    const withoutPlaces = (value: unknown): unknown =>
      JSON.parse(JSON.stringify(value, (key, inner: unknown) => (key === 'at' ? undefined : inner)));
    expect(withoutPlaces(runs[1]?.spec)).toEqual(withoutPlaces(written));
    expect(runs[0]?.spec.objectives[0]?.terms.map(({ name }) => name)).toEqual(['gan_generator']);
  });

  it('lists cases as one axis, beside others, whose values may be networks', () => {
    const ablation = ablationOf(`
      case plain {}
      case concat { let G = ConcatDecoder(width: 2), loss G = l1(), let D = none }
      G in { small: SpadeGenerator(width: 2), large: SpadeGenerator(width: 4, norm: batch()) }
      except case == concat and G == large
      seeds: [3]`);
    expect(names(ablation)).toEqual(['plain_small_s3', 'plain_large_s3', 'concat_small_s3']);
    expect(ablation.axes[0]).toEqual({ name: 'case', labels: ['plain', 'concat'] });
    expect(ablation.runs.map(({ spec }) => spec.networks.map(({ name }) => name).join())).toEqual([
      'G,D',
      'G,D',
      'G',
    ]);
  });

  it('takes the seed of the experiment where it names none, and what is set from outside', () => {
    const { seeds, runs } = ablationOf('G.norm in [batch()]', ['train.steps = 2', 'G.width = 3']);
    expect(seeds).toEqual([7]);
    expect(runs[0]?.spec.train).toMatchObject({ seed: 7, steps: 2 });
  });

  it('calls values after what tells them apart', () => {
    const [axis] = ablationOf(`
      G in [
        SpadeGenerator(width: 2, norm: spade()), SpadeGenerator(width: 2, norm: batch()), ConcatDecoder(width: 2)
      ]`).axes;
    expect(axis?.labels).toEqual([
      'SpadeGenerator(norm: spade())',
      'SpadeGenerator(norm: batch())',
      'ConcatDecoder',
    ]);
    const others = ablationOf('G.z in [none, noise(8)]\n optimize.G.rate in [1e-4, 2e-4]');
    expect(names(others)).toEqual([
      'z-none_rate-1e-4_s7',
      'z-none_rate-2e-4_s7',
      'noise_rate-1e-4_s7',
      'noise_rate-2e-4_s7',
    ]);
  });

  it('is one run for each seed where nothing is varied', () => {
    expect(names(ablationOf('seeds: 3'))).toEqual(['s0', 's1', 's2']);
  });

  it('says in which runs a mistake is that not all have, and says it once', () => {
    const text = source(
      'ablation study of tiny {\n G.width in [2, 4]\n case small { data.size = 32x32, G.norm = instance() }\n case plain {}\n}\n',
    );
    const { ablation, diagnostics } = checkAblation(text, provider());
    expect(ablation).toBeUndefined();
    expect(diagnostics.map(({ code, notes }) => [code, notes.at(-1)])).toEqual([
      ['shape-mismatch', 'in the run of 2, small and 1 more'],
    ]);
  });
});

describe('the ablations of a file', () => {
  const text = source('ablation one of tiny {}\nablation two of tiny { seeds: 2 }\n');

  it('are listed, and chosen by name', () => {
    expect(listAblations(text)).toEqual([
      { name: 'one', of: 'tiny' },
      { name: 'two', of: 'tiny' },
    ]);
    expect(checkAblation(text, provider(), { name: 'two' }).ablation?.runs).toHaveLength(2);
    expect(checkAblation(text, provider()).diagnostics[0]?.code).toBe('several-ablations');
  });
});
