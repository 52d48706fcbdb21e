/** Makes random graphs: pointwise ops with every kind of broadcasting, sums, tables and convolutions. */
import { input } from '../../compiler/ir/sources.ts';
import { mean } from '../../compiler/ops/primitive/support.ts';
import { expect } from 'vitest';
import { GraphBuilder } from '../../compiler/ops/builder.ts';
import { shapeOf, typeOf, type Node } from '../../compiler/ir/node.ts';
import { nodesOf, type Method } from '../../compiler/ir/program.ts';
import { f32, i32, sameShape, sizeOf, type Shape } from '../../compiler/ir/types.ts';
import type { RefTensor } from '../../compiler/ir/emitter.ts';
import type { RandomStream } from '../../compiler/ir/random.ts';
import { distance } from './samples.ts';

/** The sizes of a random graph's pictures. */
export interface PictureSize {
  readonly pictures: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

const rows = 5;

/** Builds a method of about `count` nodes on pictures of a size. */
export function randomMethod(random: RandomStream, size: PictureSize, count: number): Method {
  const graph = new RandomGraph(random, size);
  for (let made = 0; made < count; made++) graph.grow();
  return graph.method();
}

class RandomGraph {
  private readonly b = new GraphBuilder();
  private readonly full: Shape;
  private readonly low: Shape | undefined;
  private readonly pixels: Node;
  private readonly table: Node;
  /** Values for further use. */
  private readonly pool: Node[];

  constructor(
    private readonly random: RandomStream,
    { pictures: n, height: h, width: w, channels: c }: PictureSize,
  ) {
    this.full = [n, h, w, c];
    this.low = h % 2 === 0 && w % 2 === 0 ? [n, h / 2, w / 2, c] : undefined;
    const input = (name: string, shape: Shape): Node => this.b.input({ name, ...f32(...shape) });
    this.pixels = this.b.input({ name: 'pixels', ...i32(n, h, w) });
    this.table = input('table', [rows, c]);
    this.pool = [
      input('x', this.full),
      input('y', this.full),
      input('channels', [c]),
      input('kept', [1, 1, 1, c]),
      input('styles', [n, 1, 1, c]),
      input('mask', [n, h, w, 1]),
      input('grid', [1, h, w, 1]),
      input('columns', [1, 1, w, c]),
      input('scalar', []),
      this.b.reshape(input('vectors', [n, c]), { shape: [n, 1, 1, c] }),
      ...(this.low ? [input('small', this.low)] : []),
    ];
  }

  method(): Method {
    const recent = this.pool.slice(-8);
    const outputs = recent.map((node, index) => [`y${index}`, node] as const);
    return { name: 'random', outputs: new Map(outputs), writes: new Map() };
  }

  grow(): void {
    const choices = [
      () => this.unary(),
      () => this.binary(),
      () => this.binary(),
      () => this.binary(),
      () => this.choice(),
      () => this.sum(),
      () => this.normalize(),
      () => this.rows(),
      () => this.resolution(),
      () => this.outside(),
    ];
    const made = choices[this.random.below(choices.length)]!();
    if (made) this.pool.push(made);
  }

  private pick(accept: (node: Node) => boolean = () => true): Node {
    // The latest values are the most likely, so that graphs become deep.
    const fitting = this.pool.filter(accept);
    const back = Math.min(this.random.below(fitting.length), this.random.below(fitting.length));
    return fitting[fitting.length - 1 - back]!;
  }

  private picture(): Node {
    const x = this.pick((node) => this.fits(node));
    return sameShape(shapeOf(x), this.full) ? x : this.b.broadcastTo(x, { shape: this.full });
  }

  private fits(node: Node): boolean {
    const shape = shapeOf(node);
    const extra = 4 - shape.length;
    return shape.every((size, axis) => size === 1 || size === this.full[axis + extra]);
  }

  /** Keeps values near 1, so that products neither explode nor vanish. */
  private bounded(node: Node): Node {
    return this.b.tanh(node);
  }

  private unary(): Node {
    const { b } = this;
    const x = this.pick();
    const positive = (): Node => b.add(b.abs(x), b.constant({ value: 0.5 }));
    const ops = [
      () => b.neg(x),
      () => b.exp(this.bounded(x)),
      () => b.log(positive()),
      () => b.sqrt(positive()),
      () => b.rsqrt(positive()),
      () => b.square(this.bounded(x)),
      () => b.sigmoid(x),
      () => b.stopGradient(x),
      () => b.leakyRelu(x, { slope: this.random.below(2) * 0.2 }),
      () => b.leakyReluGrad(x, x, { slope: 0.2 }),
    ];
    return ops[this.random.below(ops.length)]!();
  }

  private binary(): Node {
    const { b } = this;
    const x = this.pick((node) => this.fits(node));
    const y = this.pick((node) => this.fits(node));
    const ops = [
      () => b.add(x, y),
      () => b.sub(x, y),
      () => this.bounded(b.mul(x, y)),
      () => b.maximum(x, y),
      () => b.minimum(x, y),
      () => b.div(x, b.add(b.abs(y), 1)),
    ];
    return ops[this.random.below(ops.length)]!();
  }

  private choice(): Node {
    const { b } = this;
    const [x, y] = [this.pick((node) => this.fits(node)), this.pick((node) => this.fits(node))];
    const condition = this.random.below(2) ? b.greaterEqual(x, 0.1) : b.lessEqual(x, 0.1);
    if (this.random.below(3) === 0) return b.cast(condition, { to: 'f32' });
    return b.select(condition, y, b.constant({ value: this.random.below(3) }));
  }

  private sum(): Node {
    const { b } = this;
    const axes = [[0, 1, 2], [1, 2], [1, 2, 3], [3], [0, 1, 2, 3], [0], [1]][this.random.below(7)]!;
    const keep = this.random.below(2) === 0;
    const x = this.picture();
    if (this.random.below(4) === 0 && axes.length === 1 && axes[0] === 3)
      return b.max(x, { axes, keep: true });
    const made = mean(b, x, axes, keep);
    return keep || made.results[0]!.shape.length === 0
      ? made
      : b.reshape(made, { shape: this.keptShape(axes) });
  }

  private keptShape(axes: readonly number[]): Shape {
    return this.full.map((size, axis) => (axes.includes(axis) ? 1 : size));
  }

  private normalize(): Node {
    const { b } = this;
    const x = this.picture();
    const axes = [
      [0, 1, 2],
      [1, 2],
      [1, 2, 3],
    ][this.random.below(3)]!;
    const distance = b.sub(x, mean(b, x, axes));
    const variance = mean(b, b.square(distance), axes);
    return b.mul(distance, b.rsqrt(b.add(variance, b.constant({ value: 0.1 }))));
  }

  private rows(): Node {
    const { b } = this;
    const table = this.random.below(2) === 0 ? this.table : b.square(this.table);
    if (this.random.below(2) === 0) return b.expandRows(table, this.pixels);
    const sums = b.collectRows(this.picture(), this.pixels, table);
    return b.expandRows(this.bounded(sums), this.pixels);
  }

  private resolution(): Node | undefined {
    const { b, low } = this;
    if (!low) return undefined;
    const pooled = b.avgPool2d(this.picture(), { size: 2, stride: 2 });
    const small = this.random.below(2) === 0 ? pooled : this.pick((node) => sameShape(shapeOf(node), low));
    return this.random.below(2) === 0 ? small : b.upsampleNearest(small, { factor: 2 });
  }

  /** Ops that no kernel fuses. */
  private outside(): Node {
    const { b } = this;
    const [, , , channels] = this.full;
    const x = this.picture();
    if (this.random.below(2) === 0) return b.transpose(b.transpose(x, { permutation: [0, 2, 1, 3] }), { permutation: [0, 2, 1, 3] }); // prettier-ignore
    const flat = b.reshape(x, { shape: [sizeOf(this.full) / channels!, channels!] });
    const product = b.matmul(flat, b.matmul(this.table, this.table, { transpose_a: true, transpose_b: false }), { transpose_a: false, transpose_b: false }); // prettier-ignore
    return this.bounded(b.reshape(product, { shape: this.full }));
  }
}

/** Draws numbers for the inputs of a method: ids for pixels, one number per row if `constant` selects the input. */
export function drawInputs(random: RandomStream, method: Method): Map<string, RefTensor> {
  const inputs = nodesOf(method).filter(({ op }) => op === input);
  return new Map(
    inputs.map((node) => {
      const { dtype, shape } = typeOf(node);
      const draw = (): number =>
        dtype === 'i32' ? random.below(rows) : Math.fround(2 * random.uniform() - 1);
      return [
        String(node.attrs['name']),
        { shape, data: Float64Array.from({ length: sizeOf(shape) }, draw) },
      ];
    }),
  );
}

/** Requires near numbers; the tolerance is relative to at least 1, as small numbers may be left after cancellation. */
export function expectNear(
  found: ArrayLike<number>,
  expected: Float64Array,
  tolerance: number,
  name: string,
): void {
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(distance(found, expected) * Math.min(1, scale || 1), name).toBeLessThanOrEqual(tolerance);
}
