/** The ops that say where values come from: fed, read from a variable, or one result of a node with several. Executors bind them. */
import { brokenInvariant } from '../../dsl/errors.ts';
import { defineOp, list, number, oneOf, text, type Method, type OpOf } from './op.ts';

/** What binds an op in place of a rule. */
const boundBy = (name: string) => (): never => {
  throw brokenInvariant(`${name} is bound by the executor`);
};

const sourceAttrs = {
  name: text('its name'),
  dtype: oneOf(['f32', 'i32', 'bool'], 'its dtype'),
  shape: list('its shape'),
};

type Source = OpOf<readonly [], typeof sourceAttrs>;

function source(name: string, doc: string): Source {
  const bound = boundBy(name);
  return defineOp({
    name,
    doc,
    operands: [],
    attrs: sourceAttrs,
    traits: { isSource: true },
    infer: ({ dtype, shape }) => ({ dtype, shape }),
    vjp: () => [],
    reference: bound,
    tensorflow: bound,
    tfjs: bound,
    flops: () => 0,
    samples: [],
  });
}

export const input: Source = source('input', 'A value that is fed at each call of a method.');
export const read: Source = source('read', 'The value that a variable has when the method starts.');

/** Takes one result of a node with several. Walks of the graph treat it by itself, since its operand has no one type. */
export const item = defineOp({
  name: 'item',
  doc: 'One result of an op that has several.',
  operands: ['of'],
  attrs: { index: number('which result') },
  traits: { isView: true },
  infer: boundBy('item'),
  vjp: boundBy('item'),
  reference: boundBy('item'),
  tensorflow: boundBy('item'),
  tfjs: boundBy('item'),
  flops: () => 0,
  samples: [],
});

declare module './node.ts' {
  interface Builder {
    input: Method<Source>;
    read: Method<Source>;
  }
}
