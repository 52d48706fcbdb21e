/** Tests the trees of parsed texts, and the spans of their nodes. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { children, walk, type Block, type Expression, type Node } from '../../dsl/ast.ts';
import { parse, print } from '../../dsl/index.ts';
import { tokenize } from '../../dsl/tokens.ts';

const sampler = readFileSync(new URL('../samples/language/sampler.spade', import.meta.url), 'utf8');

function parsed(text: string) {
  const { file, diagnostics } = parse({ name: 'test.spade', text });
  expect(diagnostics).toEqual([]);
  if (file === undefined) throw new Error('a text without mistakes has a tree');
  return file;
}

function block(text: string): Block {
  const [declaration] = parsed(text).declarations;
  if (declaration?.kind !== 'block') throw new Error('the text declares a block');
  return declaration;
}

function expression(text: string): Expression {
  const [statement] = block(`block b() { x = ${text} }`).body;
  if (statement?.kind !== 'assignment') throw new Error('the block holds one assignment');
  return statement.value;
}

/** The text of a node. */
function textOf({ span }: Node): string {
  return span.source.text.slice(span.start, span.end);
}

/** Writes a tree of operators with all parentheses. */
function grouped(node: Expression): string {
  switch (node.kind) {
    case 'binary':
      return `(${grouped(node.left)} ${node.operator} ${grouped(node.right)})`;
    case 'unary':
      return `(${node.operator} ${grouped(node.operand)})`;
    case 'reference':
      return node.name;
    default:
      return node.kind;
  }
}

describe('parsing', () => {
  it.each([
    ['a + b * c - d', '((a + (b * c)) - d)'],
    ['a - b - c', '((a - b) - c)'],
    ['a * b / c // d % e', '((((a * b) / c) // d) % e)'],
    ['-a ** b', '(- (a ** b))'],
    ['a ** -b ** c', '(a ** (- (b ** c)))'],
    ['not a == b and c or d', '(((not (a == b)) and c) or d)'],
    ['a or b and not c', '(a or (b and (not c)))'],
    ['a < b + c', '(a < (b + c))'],
  ])('groups %s as in Python', (text, expected) => {
    expect(grouped(expression(text))).toBe(expected);
  });

  it('gives the rest of a pipeline to the else branch', () => {
    const value = expression('if a then b else c |> f');
    expect(value.kind).toBe('conditional');
    expect(value.kind === 'conditional' && value.otherwise.kind).toBe('pipeline');
  });

  it('makes stages calls, with and without parentheses', () => {
    const value = expression('x |> f |> g(1, k: 2) as up[i] |> h.m[0] as l');
    if (value.kind !== 'pipeline') throw new Error('the expression is a pipeline');
    expect(value.stages.map((stage) => stage.arguments.length)).toEqual([0, 2, 0]);
    expect(value.stages.map((stage) => stage.callee.kind)).toEqual(['reference', 'reference', 'index']);
    expect(value.stages.map((stage) => stage.label?.name.text)).toEqual([undefined, 'up', 'l']);
    expect(value.stages[1]?.label?.index?.kind).toBe('reference');
  });

  it('takes the words of experiments as names elsewhere', () => {
    const { body, parameters } = block(
      'block b(data, with) { loss = data.train(optimize: with) return loss }',
    );
    expect(parameters.map(({ name }) => name.text)).toEqual(['data', 'with']);
    expect(body.map(({ kind }) => kind)).toEqual(['assignment', 'return']);
  });

  it('tells an experiment item from an assignment to its keyword', () => {
    const [experiment] = parsed(
      'experiment e { loss loss = a loss = b data data {} train = c train { train: 1 } }',
    ).declarations;
    const kinds = experiment?.kind === 'experiment' ? experiment.items.map(({ kind }) => kind) : [];
    expect(kinds).toEqual(['loss', 'assignment', 'data', 'assignment', 'train']);
  });

  it('reads numbers, sizes and strings', () => {
    expect(expression('2')).toMatchObject({ kind: 'number', value: 2, integer: true });
    expect(expression('2.0')).toMatchObject({ kind: 'number', value: 2, integer: false });
    expect(expression('1e-4')).toMatchObject({ kind: 'number', value: 1e-4, integer: false });
    expect(expression('256x192')).toMatchObject({ kind: 'size', width: 256, height: 192 });
    expect(expression(String.raw`"a \"b\" \\ c\n"`)).toMatchObject({ value: 'a "b" \\ c\n' });
  });

  it('nests else if as an if in the else branch', () => {
    const [statement] = block('block b() { if a { x = 1 } else if c { x = 2 } else { x = 3 } }').body;
    expect(statement).toMatchObject({
      kind: 'if',
      otherwise: [{ kind: 'if', otherwise: [{ kind: 'assignment' }] }],
    });
  });

  it('reads line breaks of Windows and a byte order mark', () => {
    const { declarations } = parsed(
      '\uFEFFblock b(x) {\r\n  # note\r\n  y = x # behind\r\n  return y\r\n}\r\n',
    );
    expect(declarations[0]).toMatchObject({
      body: [{ comments: { before: ['note'], after: 'behind' } }, {}],
    });
  });

  it('gives comments to what they stand by', () => {
    const [first] = parsed('# License.\n\n# What it does.\nblock b() {} # end\n').declarations;
    expect(first?.comments).toEqual({
      gap: false,
      detached: [['License.']],
      before: ['What it does.'],
      after: 'end',
      below: [],
    });
  });
});

describe('spans', () => {
  it('hold their children and are trimmed to tokens', () => {
    const file = parsed(sampler);
    walk(file, (node) => {
      if (node.kind !== 'file') expect(textOf(node).trim()).toBe(textOf(node));
      for (const child of children(node)) {
        expect(child.span.start).toBeGreaterThanOrEqual(node.span.start);
        expect(child.span.end).toBeLessThanOrEqual(node.span.end);
      }
    });
  });

  it('cover exactly the text of a node', () => {
    const texts: string[] = [];
    walk(expression('(a + b) * f(k: c.d[1]) as l[i]'), (node) => texts.push(`${node.kind} ${textOf(node)}`));
    expect(texts).toEqual([
      'binary (a + b) * f(k: c.d[1]) as l[i]',
      'binary (a + b)',
      'reference a',
      'reference b',
      'call f(k: c.d[1]) as l[i]',
      'reference f',
      'argument k: c.d[1]',
      'name k',
      'index c.d[1]',
      'member c.d',
      'reference c',
      'name d',
      'number 1',
      'label as l[i]',
      'name l',
      'reference i',
    ]);
  });

  it('cover names, types, parameters and settings', () => {
    const seen = new Set<string>();
    walk(parsed(sampler), (node) => seen.add(`${node.kind} ${textOf(node)}`));
    expect(seen).toContain('parameter norm: Norm = spade()');
    expect(seen).toContain('type Latent?');
    expect(seen).toContain('name SpadeResBlock');
    expect(seen).toContain('entry size: 256x256');
    expect(seen).toContain('optimize optimize G with adam(rate: 1e-4, beta1: 0, beta2: 0.9)');
  });
});

describe('new lines', () => {
  const folders = ['../samples/language/', '../../specs/', '../../examples/'].map(
    (path) => new URL(path, import.meta.url),
  );
  const files = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.spade'))
      .map((name) => new URL(name, folder)),
  );

  it.each(files.map((file) => [file.pathname.split('/').at(-1), file] as const))(
    'mean nothing: %s on one line',
    (_name, file) => {
      const text = readFileSync(file, 'utf8');
      const line = tokenize(text)
        .tokens.map((token) => token.image)
        .join(' ');
      const withoutComments = text.replaceAll(/#.*/g, '');
      expect(print(parsed(line))).toBe(
        print(parsed(print(parsed(withoutComments)).replaceAll(/\n\n/g, '\n'))),
      );
    },
  );
});

describe('long texts', () => {
  const codes = (text: string) => parse({ name: 'test.spade', text }).diagnostics.map(({ code }) => code);
  const chain = (count: number) =>
    `block b(n) {\n  if n == 0 { x = 1 }${' else if n == 1 { x = 2 }'.repeat(count)} else { x = 3 }\n  return x\n}\n`;

  it('may have chains of else if, up to the depth of the tree', () => {
    expect(codes(chain(400))).toEqual([]);
    expect(codes(chain(600))).toEqual(['nested-too-deep']);
    expect(codes(chain(5_000))).toEqual(['nested-too-deep']);
  });

  it('may have any number of comments in a row', () => {
    const comments = '  # c\n'.repeat(140_000);
    expect(codes(`${comments}block b(\n${comments}x) {\n${comments}return x\n}\n${comments}`)).toEqual([]);
  });

  it('may have strings of any length, of any signs', () => {
    const size = 4_000_000;
    expect(codes(`block b() { return "${'a'.repeat(size)}" }`)).toEqual([]);
    expect(codes(`block b() { return "${'\\n'.repeat(size)}" }`)).toEqual([]);
    expect(codes(`block b() { return "${' '.repeat(size)}\n}`)).toEqual(['unterminated-string']);
  });
});
