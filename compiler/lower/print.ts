/**
 * Prints a TensorFlow graph as text, a node a line, in the order of the graph. Names lose the method that they start with, which
 * stands above its nodes, and types are shown where they are not float32:
 *
 *     step/
 *     Conv2D_12 = Conv2D(Placeholder_0, /variable_3/read) {padding: "SAME", strides: [1,1,1,1]}
 */
import { hashText } from '../ir/random.ts';
import type { TfAttr } from '../ir/emitter.ts';
import type { TfConstant, TfNode } from './saved-model.ts';

/** Constants of more values are shown by their hash. */
const mostValues = 16;

/** Prints the nodes of a graph; equal texts are equal graphs, up to the hashes of long constants. */
export function printTensorflow(nodes: readonly TfNode[]): string {
  const lines: string[] = [];
  let scope = '';
  for (const node of nodes) {
    const own = scopeOf(node.name);
    if (own !== scope) lines.push(own);
    scope = own;
    lines.push(printNode(node, scope));
  }
  return `${lines.join('\n')}\n`;
}

/** Gives the method or variable that a name starts with. */
const scopeOf = (name: string): string => name.slice(0, name.lastIndexOf('/') + 1);

function printNode({ name, op, inputs, attrs }: TfNode, scope: string): string {
  const within = (tensor: string): string => {
    const [control, path] = tensor.startsWith('^') ? ['^', tensor.slice(1)] : ['', tensor];
    return control + (scopeOf(path) === scope ? path.slice(scope.length) : `/${path}`);
  };
  const shown = Object.entries(attrs)
    .filter(([, attr]) => !('type' in attr && attr.type === 'f32'))
    .map(([key, attr]) => `${key}: ${printAttr(attr)}`);
  const own = name.slice(scope.length);
  const call = `${own.startsWith(`${op}_`) ? '' : `${op} `}(${inputs.map(within).join(', ')})`;
  return `${own} = ${call}${shown.length > 0 ? ` {${shown.join(', ')}}` : ''}`;
}

function printAttr(attr: TfAttr | TfConstant): string {
  if ('constant' in attr) {
    const { dtype, shape, values } = attr.constant;
    const all = Array.from(values).join();
    return `${dtype}[${shape.join()}] ${values.length <= mostValues ? `[${all}]` : `#${hashText(all).toString(16)}`}`;
  }
  const [value] = Object.values(attr) as [TfAttr[keyof TfAttr]];
  return 'type' in attr ? attr.type : 'types' in attr ? `[${attr.types.join()}]` : JSON.stringify(value);
}
