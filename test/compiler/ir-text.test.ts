/** Tests the text of graphs: it is stable and readable, and parses to the same graph. */
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../compiler/ops/builder.ts';
import { parseMethod } from '../../compiler/ops/parse.ts';
import { printMethod, printNodes, printProgram } from '../../compiler/ir/print.ts';
import { nodesOf, type Method } from '../../compiler/ir/program.ts';
import { parseValue, printAttrs } from '../../compiler/ir/node.ts';
import { f32 } from '../../compiler/ir/types.ts';
import { sampleCases, sampleProgram } from '../support/samples.ts';

/** A method with several results, shared nodes, origins, a write and names that need quotes. */
function exampleMethod(): Method {
  const b = new GraphBuilder();
  b.constant({ value: 7 }); // not used by the method, so not printed
  const x = b.input({ name: 'an "image"', ...f32(1, 4, 4, 2) });
  const weight = b.read({ name: 'G.conv.weight', ...f32(3, 3, 2, 3) });
  const y = b.within({ scope: 'G.conv', span: undefined }, () =>
    b.conv2d(x, weight, { stride: 1, padding: 'same' }),
  );
  const [left, right] = b.within({ scope: 'G; a split', span: undefined }, () =>
    b.items(b.split(y, { axis: 3, sizes: [1, 2] })),
  );
  const updated = b.mul(weight, 0.5);
  return {
    name: 'generate',
    outputs: new Map([
      ['left', left!],
      ['right', right!],
    ]),
    writes: new Map([['G.conv.weight', updated]]),
  };
}

const exampleText = `method generate
%0: f32[1,4,4,2] = input "an \\"image\\""
%1: f32[3,3,2,3] = read "G.conv.weight"
%2: f32[1,4,4,3] = conv2d %0, %1 {padding: "same", stride: 1}   ; G.conv
%3: (f32[1,4,4,1], f32[1,4,4,2]) = split %2 {axis: 3, sizes: [1,2]}   ; G; a split
%4: f32[1,4,4,1] = item %3 {index: 0}   ; G; a split
%5: f32[1,4,4,2] = item %3 {index: 1}   ; G; a split
%6: f32[] = constant {shape: [], value: 0.5}
%7: f32[3,3,2,3] = mul %1, %6
output "left" = %4
output "right" = %5
write "G.conv.weight" = %7`;

describe('printing', () => {
  it('gives one typed assignment a line, numbered without gaps', () => {
    expect(printMethod(exampleMethod())).toBe(exampleText);
  });

  it('does not depend on what else the builder has made', () => {
    const b = new GraphBuilder();
    b.constant({ value: 1 });
    const late = b.neg(b.input({ name: 'x', ...f32(2) }));
    expect(printNodes([late])).toBe('%0: f32[2] = input "x"\n%1: f32[2] = neg %0');
  });

  it('puts an empty line between methods', () => {
    const text = printProgram({ variables: [], methods: [exampleMethod(), exampleMethod()] });
    expect(text).toBe(`${exampleText}\n\n${exampleText}\n`);
  });
});

describe('numbers that JSON has no text for', () => {
  it.each([0, -0, 1e21, Infinity, -Infinity, NaN])('%s is read as it was printed', (value) => {
    const printed = printAttrs({ value, list: [value, 1] });
    const [, list = '', one = ''] = /^\{list: (\[.*\]), value: (.*)\}$/.exec(printed) ?? [];
    expect([parseValue(one), parseValue(list)]).toEqual([value, [value, 1]]);
  });
});

describe('parsing', () => {
  it('reads a printed method back', () => {
    const method = parseMethod(exampleText);
    expect(printMethod(method)).toBe(exampleText);
    expect(nodesOf(method).map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(method.outputs.get('left')!.origin?.scope).toBe('G; a split');
  });

  it.each(
    sampleProgram(sampleCases).methods.map((method, index) => [sampleCases[index]!.name, method] as const),
  )('reads back %s', (_name, method) => {
    const text = printMethod(method);
    const parsed = parseMethod(text);
    expect(printMethod(parsed)).toBe(text);
    expect(nodesOf(parsed).map(({ op, attrs, results }) => ({ op, attrs, results }))).toEqual(
      nodesOf(method).map(({ op, attrs, results }) => ({ op, attrs, results })),
    );
  });

  it('shares nodes with what the builder already has', () => {
    const b = new GraphBuilder();
    const x = b.input({ name: 'x', ...f32(2) });
    const method = parseMethod('method m\n%0: f32[2] = input "x"\noutput "y" = %0', b);
    expect(method.outputs.get('y')).toBe(x);
  });

  it.each([
    ['', 1, 'there is no method'],
    ['%0: f32[] = input "x"', 1, "the text does not start with 'method'"],
    ['method m\nmethod n', 2, 'a second method'],
    ['method m\nreturn %0', 2, "expected 'output', 'write' or an assignment"],
    ['method m\n%0: f64[] = input "x"', 2, 'expected f32, i32 or bool at column 5'],
    ['method m\n%0: f32[] = input', 2, 'input needs a name and a type'],
    ['method m\n%0: f32[] = neg %1', 2, '%1 is not assigned before its use'],
    ['method m\n%0: f32[] = input "x"\n%0: f32[] = input "y"', 3, '%0 is assigned twice'],
    [
      'method m\n%0: f32[2] = constant {shape: [], value: 1}',
      2,
      'constant gives f32[], but the text says f32[2]',
    ],
    ['method m\n%0: f32[] = constant {shape: [], value: x}', 2, 'x is no value'],
    ['method m\n%0: f32[] = input "x" %0', 2, '%0 is not assigned before its use'],
    ['method m\n%0: f32[] = input "x" or so', 2, 'expected nothing more at column 22'],
    [
      'method m\n%0: i32[] = input "x"\n%1: i32[] = neg %0',
      3,
      'neg: operands are floating-point (found i32)',
    ],
    ['method m\n%0: f32[] = frobnicate', 2, "there is no op 'frobnicate'"],
  ])('refuses %j in line %d', (text, line, message) => {
    expect(() => parseMethod(text)).toThrow(
      expect.objectContaining({ line, message: expect.stringContaining(message) as unknown }),
    );
  });
});
