/** Tests synthesis with random numbers: a map's picture depends only on its name and the seed. */
import { expect, it } from 'vitest';
import { compile } from '../../compiler/index.ts';
import { generatorOf } from '../../compiler/format/queries.ts';
import { paint, type Styled } from '../../runtime/synthesize/paint.ts';
import { PortableSession } from '../../runtime/session/portable.ts';
import { initialValues } from '../../runtime/session/session.ts';
import { portableTensorFlow } from '../support/engines.ts';
import { specOf } from '../support/specs.ts';
import { cpu } from '../../compiler/lower/targets.ts';

const tf = await portableTensorFlow();

const sample = (name: string): Styled => ({
  name,
  labels: new Int32Array(8 * 8),
  edges: undefined,
  instances: undefined,
  image: undefined,
});

/** Gives the pixels of samples, generated in batches of two by a network with the given last lines. */
async function painted(
  end: string,
  names: readonly string[],
  seed = 1,
): Promise<readonly (readonly number[])[]> {
  const text = `block shaken(x) { return x + random_uniform(x.shape) }
    network Painter(seg: LabelMap) -> Image { return seg |> conv(3, init: normal()) |> ${end} |> tanh }`;
  const spec = specOf(text, { name: 'Painter', assume: { width: 8, height: 8, classes: 2 } });
  const program = compile(spec, { target: cpu, batch: 2, methods: ['synthesize'] });
  const session = new PortableSession(tf, program);
  try {
    await session.setVariables(initialValues(program.variables, 1));
    const generator = generatorOf(spec)!;
    return (await paint({ session, generator, seed }, names.map(sample))).map(({ data }) => [...data]);
  } finally {
    await session.dispose();
  }
}

it('a map looks the same whatever it is painted with', async () => {
  const [alone] = await painted('dropout', ['b']);
  expect((await painted('dropout', ['a', 'b', 'c']))[1]).toEqual(alone);
  expect(new Set(alone).size).toBeGreaterThan(1);
});

it('maps of other names, or of other seeds, look different', async () => {
  const [a, b] = await painted('dropout', ['a', 'b']);
  expect(b).not.toEqual(a);
  expect((await painted('dropout', ['a'], 2))[0]).not.toEqual(a);
});

it('numbers without a name are drawn from the seed alone', async () => {
  const [a, b, c] = await painted('shaken', ['a', 'b', 'c']);
  expect(b).not.toEqual(a);
  expect(c).toEqual(a);
  expect((await painted('shaken', ['a'], 2))[0]).not.toEqual(a);
});
