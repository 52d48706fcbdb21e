/** Makes a program that takes some time on the engine and almost none in JavaScript. */
import { GraphBuilder } from '../../compiler/ops/builder.ts';
import type { Program } from '../../compiler/ir/program.ts';
import { f32 } from '../../compiler/ir/types.ts';
import type { Variable } from '../../compiler/ir/variables.ts';

/** Twelve convolutions of a picture that give one number: about 100 ms with almost no copying. */
export function longProgram(): Program {
  const [picture, filter] = [f32(2, 128, 128, 64), f32(3, 3, 64, 64)];
  const variable = (name: string, type: typeof picture): Variable => ({
    name,
    type,
    role: 'parameter',
    network: 'G',
    initializer: { kind: 'normal', mean: 0, std: 0.05 },
  });
  const b = new GraphBuilder();
  const w = b.read({ name: 'w', ...filter });
  let y = b.read({ name: 'x', ...picture });
  for (let layer = 0; layer < 12; layer++) y = b.tanh(b.conv2d(y, w, { stride: 1, padding: 'same' }));
  const outputs = new Map([['sum', b.sum(y, { axes: [0, 1, 2, 3], keep: false })]]);
  return {
    variables: [variable('w', filter), variable('x', picture)],
    methods: [{ name: 'm', outputs, writes: new Map([['x', y]]) }],
  };
}
