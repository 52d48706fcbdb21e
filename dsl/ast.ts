/** Defines the nodes of a parsed spec as a discriminated union, and the table of each kind's children. */
import type { Span } from './source.ts';

interface Base {
  readonly span: Span;
}

/** A name with its place in the text, so that messages can point at it. */
export interface Name extends Base {
  readonly kind: 'name';
  readonly text: string;
}

// ---------------------------------------------------------------------------------------------- expressions

export interface NumberLiteral extends Base {
  readonly kind: 'number';
  readonly value: number;
  /** `2` is an integer, `2.0` and `1e-4` are not. */
  readonly integer: boolean;
}
export interface StringLiteral extends Base {
  readonly kind: 'string';
  readonly value: string;
}
export interface BooleanLiteral extends Base {
  readonly kind: 'boolean';
  readonly value: boolean;
}
export interface NoneLiteral extends Base {
  readonly kind: 'none';
}
/** `256x192`: width x height. */
export interface SizeLiteral extends Base {
  readonly kind: 'size';
  readonly width: number;
  readonly height: number;
}
export interface ListLiteral extends Base {
  readonly kind: 'list';
  readonly items: readonly Expression[];
}
/** `[expr for x in list]`, optionally `if condition`. */
export interface Comprehension extends Base {
  readonly kind: 'comprehension';
  readonly item: Expression;
  readonly variable: Name;
  readonly list: Expression;
  readonly condition: Expression | undefined;
}
export interface Reference extends Base {
  readonly kind: 'reference';
  readonly name: string;
}
export type UnaryOperator = '-' | 'not';
export interface Unary extends Base {
  readonly kind: 'unary';
  readonly operator: UnaryOperator;
  readonly operand: Expression;
}
export type BinaryOperator =
  '+' | '-' | '*' | '/' | '//' | '%' | '**' | '==' | '!=' | '<' | '<=' | '>' | '>=' | 'and' | 'or';
export interface Binary extends Base {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly left: Expression;
  readonly right: Expression;
}
/** `if condition then a else b`. */
export interface Conditional extends Base {
  readonly kind: 'conditional';
  readonly condition: Expression;
  readonly then: Expression;
  readonly otherwise: Expression;
}
/** `value.name`: a shape query (`x.channels`) or a field of a record. */
export interface Member extends Base {
  readonly kind: 'member';
  readonly value: Expression;
  readonly name: Name;
}
/** `list[index]`. */
export interface Index extends Base {
  readonly kind: 'index';
  readonly value: Expression;
  readonly index: Expression;
}
export interface Argument extends Base {
  readonly kind: 'argument';
  readonly name: Name | undefined;
  readonly value: Expression;
}
/** `f(a, b, kernel: 3) as label` : a call; the label names the parameters made inside. */
export interface Call extends Base {
  readonly kind: 'call';
  readonly callee: Expression;
  readonly arguments: readonly Argument[];
  readonly label: Label | undefined;
}
/** `as up` or `as up[i]`, which names `up_0`, `up_1`, ... */
export interface Label extends Base {
  readonly kind: 'label';
  readonly name: Name;
  readonly index: Expression | undefined;
}
/**
 * `input |> stage |> stage`. A stage is a call, which takes the input as its first argument, or a reference to a
 * block.
 */
export interface Pipeline extends Base {
  readonly kind: 'pipeline';
  readonly input: Expression;
  readonly stages: readonly Call[];
}
/** `{ path: "data", batch: 2 }`: settings by name; separated by commas or new lines. */
export interface RecordLiteral extends Base {
  readonly kind: 'record';
  readonly entries: readonly Entry[];
}
export interface Entry extends Base {
  readonly kind: 'entry';
  readonly name: Name;
  readonly value: Expression;
  readonly comments: Comments;
}

export type Expression =
  | NumberLiteral
  | StringLiteral
  | BooleanLiteral
  | NoneLiteral
  | SizeLiteral
  | ListLiteral
  | Comprehension
  | RecordLiteral
  | Reference
  | Unary
  | Binary
  | Conditional
  | Member
  | Index
  | Call
  | Pipeline;

// ----------------------------------------------------------------------------------------------- statements

/**
 * Comments and blank lines, kept for the printer and for tools that show documentation. Lines lack the `#` and the one
 * blank after it.
 * the one blank after it.
 */
export interface Comments {
  /** Whether a blank line separates the node (with its comments) from the node before it in the same braces. */
  readonly gap: boolean;
  /** Groups of whole lines above the node that a blank line separates from it. */
  readonly detached: readonly (readonly string[])[];
  /** Whole lines directly above the node: its documentation. */
  readonly before: readonly string[];
  /** One comment after the node, on its last line. */
  readonly after: string | undefined;
  /** Whole lines between the last node of a body and the closing brace. */
  readonly below: readonly string[];
}

/** `name = expr`: binds a name of the enclosing block, or binds it again. */
export interface Assignment extends Base {
  readonly kind: 'assignment';
  readonly name: Name;
  readonly value: Expression;
  readonly comments: Comments;
}
/** `let name = expr`: binds an instance; a block bound this way shares its parameters wherever it is applied. */
export interface Let extends Base {
  readonly kind: 'let';
  readonly name: Name;
  readonly value: Expression;
  readonly comments: Comments;
}
export interface Return extends Base {
  readonly kind: 'return';
  readonly value: Expression;
  readonly comments: Comments;
}
/** `if condition { ... } else { ... }`; `else if` is an `otherwise` that holds one `if`. */
export interface If extends Base {
  readonly kind: 'if';
  readonly condition: Expression;
  readonly then: readonly Statement[];
  readonly otherwise: readonly Statement[] | undefined;
  readonly comments: Comments;
}
/** `for name in list { ... }`, unrolled at compile time. */
export interface For extends Base {
  readonly kind: 'for';
  readonly variable: Name;
  readonly list: Expression;
  readonly body: readonly Statement[];
  readonly comments: Comments;
}
export type Statement = Assignment | Let | Return | If | For;

// --------------------------------------------------------------------------------------------- declarations

/** `LabelMap?`: a type by name; `?` allows none. */
export interface TypeName extends Base {
  readonly kind: 'type';
  readonly name: string;
  readonly optional: boolean;
}
export interface Parameter extends Base {
  readonly kind: 'parameter';
  readonly name: Name;
  readonly type: TypeName | undefined;
  readonly default: Expression | undefined;
  readonly comments: Comments;
}
/** `use norms { spade, batch }`; a string names a file relative to this one: `use "./mine.spade" { block }`. */
export interface Use extends Base {
  readonly kind: 'use';
  readonly module: string;
  /** Whether `module` is a file path (written as a string) rather than a module of the standard library. */
  readonly file: boolean;
  readonly names: readonly Name[];
  readonly comments: Comments;
}
/**
 * `block Name(params) -> Type { ... }` or `network Name(params) -> Type { ... }`: the same, but tools show networks.
 */
export interface Block extends Base {
  readonly kind: 'block';
  readonly keyword: 'block' | 'network';
  readonly name: Name;
  readonly parameters: readonly Parameter[];
  readonly result: TypeName | undefined;
  readonly body: readonly Statement[];
  /** The comment lines directly above it: its documentation. */
  readonly comments: Comments;
}
/**
 * `block sync_batch = batch`: a second name for a block. Parameters are named after the target, as if that were
 * called.
 */
export interface Alias extends Base {
  readonly kind: 'alias';
  readonly name: Name;
  readonly target: Name;
  readonly comments: Comments;
}
/** `data camvid { path: "...", size: 256x256 }` */
export interface Data extends Base {
  readonly kind: 'data';
  readonly name: Name;
  readonly settings: RecordLiteral;
  readonly comments: Comments;
}
/** `load V from "vgg19.safetensors" naming "torchvision-vgg19"` */
export interface Load extends Base {
  readonly kind: 'load';
  readonly network: Name;
  readonly path: StringLiteral;
  readonly mapping: StringLiteral | undefined;
  readonly comments: Comments;
}
/** `loss G = gan_generator(D) + 10 * feature_matching(D)`; `loss G, E = ...` trains both. */
export interface Loss extends Base {
  readonly kind: 'loss';
  readonly networks: readonly [Name, ...Name[]];
  readonly value: Expression;
  readonly comments: Comments;
}
/** `train { epochs: 200, decay_from: 100  optimize G with adam(rate: 1e-4) }` */
export interface Train extends Base {
  readonly kind: 'train';
  readonly settings: readonly Entry[];
  readonly optimizers: readonly Optimize[];
  readonly comments: Comments;
}
/** `optimize G, E with adam(rate: 1e-4)`: each network has an optimizer of these settings. */
export interface Optimize extends Base {
  readonly kind: 'optimize';
  readonly networks: readonly [Name, ...Name[]];
  readonly optimizer: Expression;
  readonly comments: Comments;
}
export type ExperimentItem = Data | Let | Assignment | Load | Loss | Train;
/** `experiment name { ... }` */
export interface Experiment extends Base {
  readonly kind: 'experiment';
  readonly name: Name;
  readonly items: readonly ExperimentItem[];
  readonly comments: Comments;
}
/** `G.norm = instance()`: changes a part of what is inherited, found by its path. */
export interface Override extends Base {
  readonly kind: 'override';
  readonly path: Path;
  readonly value: Expression;
  readonly comments: Comments;
}
export type Path = readonly [Name, ...Name[]];
/** What a variant changes in an experiment: items replace inherited ones of the same name, overrides change parts. */
export type Change = ExperimentItem | Override;
/** `experiment name = base with { ... }` */
export interface Variant extends Base {
  readonly kind: 'variant';
  readonly name: Name;
  readonly base: Name;
  readonly changes: readonly Change[];
  readonly comments: Comments;
}
/** `width: G.width in [16, 32]`; values in braces have their own names: `in { narrow: 16, wide: 32 }`. */
export interface Axis extends Base {
  readonly kind: 'axis';
  readonly name: Name | undefined;
  readonly path: Path;
  readonly values: ListLiteral | RecordLiteral;
  readonly comments: Comments;
}
/** `case name { ... }`: one value of the axis that consists of all cases. */
export interface Case extends Base {
  readonly kind: 'case';
  readonly name: Name;
  readonly changes: readonly Change[];
  readonly comments: Comments;
}
/** `with { ... }`: changes that all runs of an ablation share. */
export interface Shared extends Base {
  readonly kind: 'shared';
  readonly changes: readonly Change[];
  readonly comments: Comments;
}
/** `except G.norm == batch() and width in [16, 32]`: leaves out the runs that meet all of these conditions. */
export interface Exclusion extends Base {
  readonly kind: 'exclusion';
  readonly matchings: readonly Matching[];
  readonly comments: Comments;
}
/** `G.norm == batch()`, or `G.norm in [...]`: an axis and some of its values. */
export interface Matching extends Base {
  readonly kind: 'matching';
  readonly path: Path;
  readonly values: readonly Expression[];
}
/** `seeds: 3`, or a list of them. */
export interface Seeds extends Base {
  readonly kind: 'seeds';
  readonly value: Expression;
  readonly comments: Comments;
}
export type AblationPart = Axis | Case | Shared | Exclusion | Seeds;
/** `ablation name of base { ... }` */
export interface Ablation extends Base {
  readonly kind: 'ablation';
  readonly name: Name;
  readonly base: Name;
  readonly parts: readonly AblationPart[];
  readonly comments: Comments;
}
export type Declaration = Block | Alias | Experiment | Variant | Ablation;
export interface File extends Base {
  readonly kind: 'file';
  readonly source: Span['source'];
  readonly uses: readonly Use[];
  readonly declarations: readonly Declaration[];
  /** Comment lines after the last declaration. */
  readonly trailing: readonly string[];
}

export type Node =
  | File
  | Use
  | Declaration
  | ExperimentItem
  | Override
  | AblationPart
  | Matching
  | Optimize
  | Statement
  | Expression
  | Parameter
  | TypeName
  | Argument
  | Label
  | Entry
  | Name;

// ------------------------------------------------------------------------------------------------- children

type ChildKeys = {
  readonly [K in Node['kind']]: readonly Exclude<keyof Extract<Node, { kind: K }>, 'kind' | 'span'>[];
};

/** The fields of each kind of node that hold further nodes, in source order. */
export const childKeys = {
  file: ['uses', 'declarations'],
  use: ['names'],
  block: ['name', 'parameters', 'result', 'body'],
  alias: ['name', 'target'],
  experiment: ['name', 'items'],
  variant: ['name', 'base', 'changes'],
  override: ['path', 'value'],
  ablation: ['name', 'base', 'parts'],
  axis: ['name', 'path', 'values'],
  case: ['name', 'changes'],
  shared: ['changes'],
  exclusion: ['matchings'],
  matching: ['path', 'values'],
  seeds: ['value'],
  data: ['name', 'settings'],
  load: ['network', 'path', 'mapping'],
  loss: ['networks', 'value'],
  train: ['settings', 'optimizers'],
  optimize: ['networks', 'optimizer'],
  assignment: ['name', 'value'],
  let: ['name', 'value'],
  return: ['value'],
  if: ['condition', 'then', 'otherwise'],
  for: ['variable', 'list', 'body'],
  parameter: ['name', 'type', 'default'],
  type: [],
  name: [],
  number: [],
  string: [],
  boolean: [],
  none: [],
  size: [],
  list: ['items'],
  comprehension: ['item', 'variable', 'list', 'condition'],
  record: ['entries'],
  entry: ['name', 'value'],
  reference: [],
  unary: ['operand'],
  binary: ['left', 'right'],
  conditional: ['condition', 'then', 'otherwise'],
  member: ['value', 'name'],
  index: ['value', 'index'],
  call: ['callee', 'arguments', 'label'],
  argument: ['name', 'value'],
  label: ['name', 'index'],
  pipeline: ['input', 'stages'],
} as const satisfies ChildKeys;

/** Lists the direct children of a node, in the order of `childKeys`. */
export function children(node: Node): Node[] {
  // The table guarantees that these fields hold nodes, lists of nodes or nothing.
  const fields = node as unknown as Readonly<Record<string, Node | readonly Node[] | undefined>>;
  return childKeys[node.kind].flatMap((key) => fields[key] ?? []);
}

/** Visits a node and all nodes below it, parents first. */
export function walk(node: Node, visit: (node: Node) => void): void {
  visit(node);
  for (const child of children(node)) walk(child, visit);
}
