/**
 * Describes fused programs, as data and as text: what one kernel computes over all pixels of a domain. Leaves read
 * operands, other values are pointwise in earlier ones, and results are stored or summed. Values are numbered in order.
 *
 *     domain 1,256,256,64; load 0 1,256,256,64; load 1 1,1,1,64; sub 0,1; leaky_relu 2 0.2; -> store 3 1,256,256,64
 */
import type { Shape } from '../../ir/types.ts';
import { brokenInvariant } from '../../../dsl/errors.ts';

/** A value: one number for each place of the domain, or for each of those along which it differs. */
export type Value =
  /** Operand `operand` under `shape`, which broadcasts to the domain. */
  | { readonly kind: 'load'; readonly operand: number; readonly shape: Shape }
  /** Operand [N,H,W,C] whose pixels are repeated along both axes. */
  | { readonly kind: 'upsample'; readonly operand: number; readonly factor: number }
  /** For each pixel the row of the table [T,C] that operand `pixels` [N,H,W] names. */
  | { readonly kind: 'rows'; readonly operand: number; readonly pixels: number }
  | { readonly kind: 'constant'; readonly value: number }
  /** A sum or maximum over the last axis of the domain, which stays with size 1. */
  | { readonly kind: 'last'; readonly op: 'sum_last' | 'max_last'; readonly inputs: readonly [number] }
  | Applied;

/** An op that has an instruction, with the values of its parameters. */
export interface Applied {
  readonly kind: 'apply';
  readonly op: string;
  readonly inputs: readonly number[];
  readonly parameters: readonly number[];
}

/** What leaves a program: value number `value`, as it is or put together. */
export type Result =
  | { readonly kind: 'store'; readonly value: number; readonly shape: Shape }
  /** Sums over `axes` of the domain; of squares: of the squared distances from the mean over these axes. */
  | {
      readonly kind: 'sum' | 'squares';
      readonly value: number;
      readonly axes: readonly number[];
      readonly shape: Shape;
    }
  /** Means over squares of factor x factor pixels. */
  | { readonly kind: 'pool'; readonly value: number; readonly factor: number; readonly shape: Shape }
  /** For each row, of which there are as many as `like` has, the sum over the pixels that `pixels` gives it. */
  | {
      readonly kind: 'collect';
      readonly value: number;
      readonly pixels: number;
      readonly like: number;
      readonly shape: Shape;
    };

export interface FusedProgram {
  readonly domain: Shape;
  readonly values: readonly Value[];
  readonly results: readonly Result[];
}

const listText = (list: readonly number[]): string => (list.length === 0 ? '-' : list.join());

function valueText(value: Value): string {
  switch (value.kind) {
    case 'load':
      return `load ${value.operand} ${listText(value.shape)}`;
    case 'upsample':
      return `upsample ${value.operand} ${value.factor}`;
    case 'rows':
      return `rows ${value.operand} ${value.pixels}`;
    case 'constant':
      return `constant ${value.value}`;
    case 'last':
      return `${value.op} ${listText(value.inputs)}`;
    case 'apply':
      return [value.op, listText(value.inputs), ...value.parameters].join(' ');
  }
}

function resultText(result: Result): string {
  const between = (): string => {
    switch (result.kind) {
      case 'store':
        return '';
      case 'sum':
      case 'squares':
        return ` ${listText(result.axes)}`;
      case 'pool':
        return ` ${result.factor}`;
      case 'collect':
        return ` ${result.pixels} ${result.like}`;
    }
  };
  return `-> ${result.kind} ${result.value}${between()} ${listText(result.shape)}`;
}

/** Writes a program as text. */
export function printProgramText({ domain, values, results }: FusedProgram): string {
  return [`domain ${listText(domain)}`, ...values.map(valueText), ...results.map(resultText)].join('; ');
}

/** Reads what `printProgramText` wrote. Throws where it is not a program. */
export function parseProgramText(text: string): FusedProgram {
  const [head, ...statements] = text.split(';').map((statement) => new Words(statement));
  if (head?.word() !== 'domain') throw brokenInvariant(`a fused program starts with its domain: ${text}`);
  const domain = head.list();
  const values: Value[] = [];
  const results: Result[] = [];
  for (const words of statements) {
    const first = words.word();
    if (first === '->') results.push(parseResult(words));
    else values.push(parseValue(first, words));
  }
  return { domain, values, results };
}

function parseValue(op: string, words: Words): Value {
  switch (op) {
    case 'load':
      return { kind: 'load', operand: words.number(), shape: words.list() };
    case 'upsample':
      return { kind: 'upsample', operand: words.number(), factor: words.number() };
    case 'rows':
      return { kind: 'rows', operand: words.number(), pixels: words.number() };
    case 'constant':
      return { kind: 'constant', value: words.number() };
    case 'sum_last':
    case 'max_last':
      return { kind: 'last', op, inputs: [words.number()] };
    default: {
      const inputs = words.list();
      const parameters: number[] = [];
      while (!words.isEmpty()) parameters.push(words.number());
      return { kind: 'apply', op, inputs, parameters };
    }
  }
}

function parseResult(words: Words): Result {
  const kind = words.word();
  const value = words.number();
  switch (kind) {
    case 'store':
      return { kind, value, shape: words.list() };
    case 'sum':
    case 'squares':
      return { kind, value, axes: words.list(), shape: words.list() };
    case 'pool':
      return { kind, value, factor: words.number(), shape: words.list() };
    case 'collect':
      return { kind, value, pixels: words.number(), like: words.number(), shape: words.list() };
    default:
      throw brokenInvariant(`a fused program has no result '${kind}'`);
  }
}

/** The words of a statement, read from left to right. */
class Words {
  private readonly words: string[];

  constructor(private readonly statement: string) {
    this.words = statement.trim().split(/\s+/);
  }

  isEmpty(): boolean {
    return this.words.length === 0;
  }
  word(): string {
    const word = this.words.shift();
    if (word === undefined)
      throw brokenInvariant(`a statement of a fused program ends early: ${this.statement}`);
    return word;
  }
  number(): number {
    const value = Number(this.word());
    if (!Number.isFinite(value))
      throw brokenInvariant(`a fused program has no number here: ${this.statement}`);
    return value;
  }
  list(): number[] {
    const word = this.word();
    return word === '-' ? [] : word.split(',').map(Number);
  }
}
