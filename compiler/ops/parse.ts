/** Reads printed graphs back, through the builder: a text whose types are wrong is refused. */
import { item } from '../ir/sources.ts';
import {
  OpError,
  parseValue,
  type Attrs,
  type AttrValue,
  type Builder,
  type Node,
  type Op,
} from '../ir/node.ts';
import { GraphBuilder } from './builder.ts';
import { opTable } from './index.ts';
import type { Method } from '../ir/program.ts';
import { formatType, symbol, type DType, type TensorType } from '../ir/types.ts';

/** Says what is wrong with a printed graph, and in which line (from 1). */
export class IrSyntaxError extends Error {
  constructor(
    readonly line: number,
    message: string,
  ) {
    super(`line ${line}: ${message}`);
  }
}

/**
 * Reads a method that `printMethod` printed, making its nodes with `b`; empty lines are skipped. Throws an
 * `IrSyntaxError` where the text is not a graph, or states another type than the ops give.
 */
export function parseMethod(text: string, b: Builder = new GraphBuilder()): Method {
  let name: string | undefined;
  const nodes = new Map<string, Node>();
  const outputs = new Map<string, Node>();
  const writes = new Map<string, Node>();
  text.split('\n').forEach((source, index) => {
    if (source.trim() === '') return;
    const line = new Line(source, index + 1);
    const keyword = line.skip(/method |output |write |%\d+/y);
    if (keyword === 'method ') {
      if (name !== undefined) line.fail('a second method');
      name = line.take(/\S+/y, 'the name of the method');
    } else if (name === undefined) {
      line.fail("the text does not start with 'method'");
    } else if (keyword === 'output ' || keyword === 'write ') {
      const target = line.string();
      line.take(/ = /y, "' = '");
      (keyword === 'output ' ? outputs : writes).set(target, line.node(nodes));
    } else if (keyword !== undefined) {
      if (nodes.has(keyword)) line.fail(`${keyword} is assigned twice`);
      nodes.set(keyword, parseAssignment(line, nodes, b));
    } else {
      line.fail("expected 'output', 'write' or an assignment");
    }
    line.end();
  });
  if (name === undefined) throw new IrSyntaxError(1, 'there is no method');
  return { name, outputs, writes };
}

/** Reads all methods of a text, as `printProgram` prints them: each with a builder of its own, or all with `b`. */
export function parseMethods(text: string, b?: Builder): Method[] {
  return text.split(/^(?=method )/m).flatMap((part) => (part.trim() === '' ? [] : [parseMethod(part, b)]));
}

/** Reads `: type = op %a, %b {attrs}   ; scope`. */
function parseAssignment(line: Line, nodes: ReadonlyMap<string, Node>, b: Builder): Node {
  line.take(/: /y, 'a type');
  const types = line.types();
  line.take(/ = /y, "' = '");
  const name = line.take(/\w+/y, 'an op');
  const op = (name === item.name ? item : opTable.get(name)) ?? line.fail(`there is no op '${name}'`);
  const sourceName = op.traits.isSource && line.skip(/ /y) !== undefined ? line.string() : undefined;
  const operands: Node[] = [];
  if (line.skip(/ (?=%)/y) !== undefined)
    do operands.push(line.node(nodes));
    while (line.skip(/, /y) !== undefined);
  const attrs = line.skip(/ \{/y) === undefined ? {} : line.attrs();
  const scope = line.skip(/ {3}; .*/y)?.slice(5);
  const origin = scope === undefined ? undefined : { scope, span: undefined };
  const node = b.within(origin, () => makeNode(line, b, { op, types, sourceName, operands, attrs }));
  const made = node.results.map(formatType).join(', ');
  const stated = types.map(formatType).join(', ');
  if (made !== stated) line.fail(`${name} gives ${made}, but the text says ${stated}`);
  return node;
}

interface Call {
  readonly op: Op;
  readonly types: readonly TensorType[];
  readonly sourceName: string | undefined;
  readonly operands: readonly Node[];
  readonly attrs: Attrs;
}

function makeNode(line: Line, b: Builder, { op, types, sourceName, operands, attrs }: Call): Node {
  const [first] = operands;
  const [type] = types;
  try {
    if (op.traits.isSource) {
      if (sourceName === undefined || !type) return line.fail(`${op.name} needs a name and a type`);
      return b.make(op, [], { name: sourceName, ...type });
    }
    if (op === item) return first ? b.item(first, Number(attrs['index'])) : line.fail('item of nothing');
    return b.make(op, operands, attrs);
  } catch (error) {
    if (error instanceof OpError) return line.fail(error.message);
    throw error;
  }
}

/** Reads a size: a number, or a symbol such as r0. */
const sizeOfText = (text: string): number =>
  text.startsWith('r') ? symbol(Number(text.slice(1))) : Number(text);

/** A line that is read from left to right. */
class Line {
  private position = 0;

  constructor(
    private readonly source: string,
    private readonly number: number,
  ) {}

  fail(message: string): never {
    throw new IrSyntaxError(this.number, `${message}, in: ${this.source}`);
  }

  /** Reads what the sticky `pattern` matches here, if it does. */
  skip(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.source)?.[0];
    this.position += found?.length ?? 0;
    return found;
  }

  take(pattern: RegExp, what: string): string {
    return this.skip(pattern) ?? this.fail(`expected ${what} at column ${this.position + 1}`);
  }

  end(): void {
    if (this.position < this.source.length) this.fail(`expected nothing more at column ${this.position + 1}`);
  }

  string(): string {
    return JSON.parse(this.take(/"(?:[^"\\]|\\.)*"/y, 'a quoted name')) as string;
  }

  node(nodes: ReadonlyMap<string, Node>): Node {
    const reference = this.take(/%\d+/y, 'a value such as %0');
    return nodes.get(reference) ?? this.fail(`${reference} is not assigned before its use`);
  }

  types(): TensorType[] {
    if (this.skip(/\(/y) === undefined) return [this.type()];
    const types: TensorType[] = [];
    do types.push(this.type());
    while (this.skip(/, /y) !== undefined);
    this.take(/\)/y, "')'");
    return types;
  }

  private type(): TensorType {
    const dtype = this.take(/f32|i32|bool/y, 'f32, i32 or bool') as DType;
    const sizes = this.take(/\[[\dr,]*\]/y, 'a shape such as [2,3]').slice(1, -1);
    const shape = sizes === '' ? [] : sizes.split(',').map(sizeOfText);
    return { dtype, shape };
  }

  /** Reads `name: value, name: value}`. */
  attrs(): Attrs {
    const attrs: Record<string, AttrValue> = {};
    do {
      const name = this.take(/\w+/y, 'the name of an attribute');
      this.take(/: /y, "': '");
      const value = this.take(/"(?:[^"\\]|\\.)*"|\[[^\]]*\]|[^,}]+/y, 'a value');
      try {
        attrs[name] = parseValue(value);
      } catch {
        this.fail(`${value} is no value`);
      }
    } while (this.skip(/, /y) !== undefined);
    this.take(/\}/y, "'}'");
    return attrs;
  }
}
