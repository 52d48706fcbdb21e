/** Makes the classes of builders: each op of a list becomes the method that makes its nodes. */
import { brokenInvariant } from '../../dsl/errors.ts';
import { NodeMaker } from './builder.ts';
import type { Attrs, Builder, Node, Op } from './node.ts';
import { presetsOf, type Operand } from './op.ts';

/** What a method is called with: operands, of which one may be a list, and attributes. */
type Argument = Operand | readonly Operand[] | Attrs;

/** Makes the class of builders for graphs of `ops`. `constant` of these stands for numbers that are given as operands. */
export function builderOf(ops: readonly Op[], constant: Op): new () => Builder & NodeMaker {
  class OpBuilder extends NodeMaker {}
  for (const op of ops) {
    if (methodName(op.name) in OpBuilder.prototype)
      throw brokenInvariant(`two ops, or an op and a method of every builder, are called ${op.name}`);
    const presets = presetsOf(op.attrs);
    const hasPresets = Object.keys(presets).length > 0;
    const count = op.operands.length;
    Object.defineProperty(OpBuilder.prototype, methodName(op.name), {
      value: function (this: NodeMaker, ...call: Argument[]): Node {
        const given = call.length > count ? call.slice(0, count) : call;
        const attrs = (call[count] ?? {}) as Attrs;
        const nodes = (given as (Operand | readonly Operand[])[])
          .flat()
          .map((one) => (typeof one === 'number' ? this.make(constant, [], { value: one, shape: [] }) : one));
        return this.make(op, nodes, hasPresets ? { ...presets, ...attrs } : attrs);
      },
    });
  }
  return OpBuilder as unknown as new () => Builder & NodeMaker;
}

/** Gives the name of the method of an op: `expandRows` for expand_rows. */
export function methodName(op: string): string {
  const [first, ...rest] = op.split('_');
  if (!first) throw brokenInvariant('an op has a name');
  return [first, ...rest.map((word) => word[0]?.toUpperCase() + word.slice(1))].join('');
}
