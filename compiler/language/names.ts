/**
 * Checks the names in every block of a file, including blocks that nobody calls, branches not taken, and code after
 * another mistake. Evaluation would find only the first mistake of a chain.
 */
import {
  children,
  type Argument,
  type Block,
  type Call,
  type Declaration,
  type Entry,
  type Experiment,
  type Expression,
  type Member,
  type Node,
  type Override,
  type Parameter,
  type Reference,
  type Statement,
} from '../../dsl/ast.ts';
import { mostMistakes, type Diagnostic } from '../../dsl/diagnostic.ts';
import type { Hint } from '../../dsl/fix.ts';
import type { Span } from '../../dsl/source.ts';
import { isTextSetting } from '../schema/spec.ts';
import { askedOf, type Asked } from './values/asked-of.ts';
import type { Builtin } from './builtins/define.ts';
import { builtins } from './builtins/index.ts';
import * as messages from './values/messages.ts';
import type { Importable, Module } from './values/module.ts';
import { parametersByName } from './parameters.ts';
import { hintOfUnknownName, wayToBind, type Bound, type Place } from './unknown-names.ts';
import { typeRules } from './values/value-types.ts';

/** The most suggestions for the mistakes of one file. */
const suggestionLimit = 100;

/** Lists by name what a module can import but does not. */
export type ImportableFor = (module: Module) => ReadonlyMap<string, Importable>;

/** The names of a variant's base experiment, by name. */
export type Inherited = ReadonlyMap<string, Bound>;

/**
 * Reports unknown names, types and named arguments in all declarations of a module. `inherited` gives the names that a
 * declaration gets from the experiment it varies; undefined if those are not known.
 */
export function checkNames(
  module: Module,
  inherited: (declaration: Declaration) => Inherited | undefined,
  importable: ImportableFor,
  report: (diagnostic: Diagnostic) => void,
): void {
  for (const declaration of module.file.declarations) {
    const known = inherited(declaration);
    if (known) checkNamesIn(declaration, known, module, importable, report);
  }
}

/** Reports unknown names, types and named arguments in a part of a module; names in `inherited` are known too. */
export function checkNamesIn(
  root: Node,
  inherited: Inherited,
  module: Module,
  importable: ImportableFor,
  report: (diagnostic: Diagnostic) => void,
): void {
  // A name counts as bound anywhere in its declaration; evaluation checks the order.
  const own = new Map<string, Bound>();
  collectBound(root, root.kind !== 'block', own);
  new NameCheck(module, { inherited, own }, importable, report, root.span).visit(root, placeOfRoot(root));
}

/** Adds the names that a tree of nodes binds. */
function collectBound(node: Node, inExperiment: boolean, bound: Map<string, Bound>): void {
  if (node.kind === 'parameter') bound.set(node.name.text, boundOfParameter(node));
  if (node.kind === 'let') bound.set(node.name.text, inExperiment ? 'network' : 'block');
  if (node.kind === 'assignment') bound.set(node.name.text, boundOfValue(node.value));
  if (node.kind === 'for') bound.set(node.variable.text, 'any');
  for (const child of children(node)) collectBound(child, inExperiment, bound);
}

function boundOfParameter({ type }: Parameter): Bound {
  switch (type?.name) {
    case undefined:
      return 'any';
    case 'Block':
    case 'Norm':
    case 'Weight':
      return 'block';
    case 'Network':
      return 'network';
    default:
      return 'data';
  }
}

/** Gives the kind of value that an assignment binds, if its expression shows that. */
function boundOfValue(value: Expression): Bound {
  const plain = ['number', 'string', 'boolean', 'size', 'list', 'comprehension', 'binary', 'unary'];
  return plain.includes(value.kind) ? 'data' : 'any';
}

/** Lists the names that an experiment binds, with their kinds. */
export function boundIn({ items }: Experiment): Inherited {
  const bound = new Map<string, Bound>();
  for (const item of items) collectBound(item, true, bound);
  return bound;
}

const inBlock: Place = { context: 'block', use: 'passed' };

function placeOfRoot(root: Node): Place {
  return root.kind === 'block' || root.kind === 'parameter' ? inBlock : { ...inBlock, context: 'binding' };
}

class NameCheck {
  constructor(
    private readonly module: Module,
    /** The names beside those that the module declares; shared rather than copied, as there may be thousands. */
    private readonly bound: { readonly inherited: Inherited; readonly own: Map<string, Bound> },
    private readonly importable: ImportableFor,
    private readonly tell: (diagnostic: Diagnostic) => void,
    private readonly whole: Span,
  ) {}

  private mistakes = 0;

  /** Reports a mistake, with suggestions or without; beyond the limits it is dropped. */
  private say(make: (suggests: boolean) => Diagnostic): void {
    this.mistakes += 1;
    if (this.mistakes <= mostMistakes) this.tell(make(this.mistakes <= suggestionLimit));
    else if (this.mistakes === mostMistakes + 1)
      this.tell(messages.tooManyMistakes(mostMistakes, { ...this.whole, start: this.whole.end }));
  }

  visit(node: Node, place: Place): void {
    const all = (nodes: readonly Node[], at: Place): void => {
      for (const one of nodes) this.visit(one, at);
    };
    const computed: Place = { ...place, use: 'computed', type: undefined, call: undefined };
    const passed: Place = { ...place, use: 'passed', type: undefined, call: undefined };
    switch (node.kind) {
      case 'reference':
        if (!this.isKnown(node.name)) this.unknownName(node, place);
        return;
      // A matching names values of axes, which are not references.
      case 'matching':
        return;
      case 'type':
        if (!typeRules.has(node.name))
          this.say(() => messages.unknownType(node.name, node.span, typeRules.keys()));
        return;
      case 'let':
        return this.visit(node.value, place.context === 'block' ? passed : { ...passed, type: 'network' });
      case 'block':
        this.parametersOnce(node);
        this.reached(node.body);
        return all(children(node), place);
      case 'parameter':
        all(node.type ? [node.type] : [], place);
        if (node.default) this.visit(node.default, { ...passed, type: node.type?.name });
        return;
      case 'loss':
        return this.visit(node.value, { use: 'computed', context: 'loss' });
      case 'optimize':
        return this.visit(node.optimizer, { use: 'passed', context: 'optimizer' });
      case 'data':
        return this.settings('data', node.settings.entries);
      case 'train':
        this.settings('train', node.settings);
        return all(node.optimizers, place);
      case 'override':
        return this.change(node.path, [node.value]);
      case 'axis':
        return this.change(node.path, node.values.kind === 'list' ? node.values.items : node.values.entries);
      case 'binary':
      case 'unary':
      case 'index':
        return all(children(node), place.context === 'setting' ? place : computed);
      case 'if':
        this.visit(node.condition, computed);
        this.reached(node.then);
        this.reached(node.otherwise ?? []);
        return all([...node.then, ...(node.otherwise ?? [])], place);
      case 'for':
        this.visit(node.list, computed);
        this.reached(node.body);
        return all(node.body, place);
      case 'conditional':
        this.visit(node.condition, computed);
        return all([node.then, node.otherwise], place);
      case 'comprehension': {
        this.visit(node.list, computed);
        const { own } = this.bound;
        const { text } = node.variable;
        const outer = own.get(text);
        own.set(text, 'any');
        this.visit(node.item, place);
        if (node.condition) this.visit(node.condition, computed);
        if (outer) own.set(text, outer);
        else own.delete(text);
        return;
      }
      case 'member':
        return this.member(node, place, computed);
      case 'call':
        return this.call(node, place, undefined);
      case 'pipeline':
        this.visit(node.input, computed);
        for (const stage of node.stages) this.call(stage, computed, 1);
        return;
      case 'assignment':
      case 'return':
        return this.visit(node.value, passed);
      default:
        all(children(node), place);
    }
  }

  /** Reports repeated parameters. */
  private parametersOnce(block: Block): void {
    const known = parametersByName(block);
    for (const { name } of block.parameters) {
      const first = known.get(name.text)?.name;
      if (first && first !== name) this.say(() => messages.parameterTwice(name.text, name.span, first.span));
    }
  }

  /** Reports statements after a `return` in the same body. */
  private reached(statements: readonly Statement[]): void {
    const at = statements.findIndex(({ kind }) => kind === 'return');
    const [first, last] = [statements[at + 1], statements.at(-1)];
    if (at >= 0 && first && last)
      this.say(() => messages.behindReturn({ ...first.span, end: last.span.end }));
  }

  private settings(section: 'data' | 'train', entries: readonly Entry[]): void {
    for (const { name, value } of entries) this.setting(section, name.text, value);
  }

  private setting(section: 'data' | 'train', name: string, value: Node): void {
    const isText = isTextSetting(section, name);
    for (const one of value.kind === 'list' ? value.items : [value])
      this.visit(one, { context: 'setting', use: 'passed', text: isText ? one.span : undefined });
  }

  /** Checks the values of a change by path. */
  private change(path: Override['path'], values: readonly Node[]): void {
    const [head, second] = path.map(({ text }) => text);
    for (const value of values)
      if (head === 'data' || head === 'train') this.setting(head, second ?? '', value);
      else this.visit(value, placeOfPath(path.map(({ text }) => text)));
  }

  private isKnown(name: string): boolean {
    const { names, missing } = this.module;
    return this.isBound(name) || names.has(name) || missing.has(name) || builtins.has(name);
  }

  private isBound(name: string): boolean {
    const { inherited, own } = this.bound;
    return own.has(name) || inherited.has(name);
  }

  /** Reports an unknown name; its suggestions are made for `wanted`, and replace `whole`. */
  private unknownName({ name, span }: Reference, place: Place, wanted = name, whole = span): void {
    const { module } = this;
    const { inherited, own } = this.bound;
    const hint = (): Hint | string =>
      hintOfUnknownName(wanted, whole, place, {
        module,
        bound: new Map([...inherited, ...own]),
        importable: () => this.importable(module),
      });
    this.say((suggests) => messages.unknownName(name, span, suggests ? hint() : wayToBind(wanted, place)));
  }

  /** `nn.Conv2d`: after a foreign module's name, the member is the name that matters. */
  private member(node: Member, place: Place, computed: Place): void {
    const head = headOf(node);
    if (!head || this.isKnown(head.name)) return this.visit(node.value, computed);
    if (foreignModules.has(head.name)) this.unknownName(head, place, node.name.text, node.span);
    else this.unknownName(head, computed);
  }

  private call(call: Call, place: Place, skipped = 0): void {
    this.visit(call.callee, { ...place, use: 'called', call: { call, piped: skipped > 0 } });
    if (call.label?.index) this.visit(call.label.index, { ...place, use: 'computed' });
    const { callee } = call;
    const parameters = this.parametersOf(callee);
    for (const [index, argument] of call.arguments.entries()) {
      const name = argument.name?.text;
      const parameter = name === undefined ? parameters?.at(index + skipped) : parameters?.named(name);
      if (argument.name && parameters && !parameter) this.unknownArgument(callee, argument, call, parameters);
      const type = parameter?.type;
      const isNumber = type !== undefined && numberTypes.has(type);
      this.visit(argument.value, {
        ...place,
        use: isNumber ? 'computed' : 'passed',
        call: undefined,
        type,
        asked: type === 'Network' ? this.askedOf(callee, parameter?.name ?? '') : undefined,
      });
    }
  }

  private askedOf(callee: Expression, parameter: string): Asked | undefined {
    const called = callee.kind === 'reference' ? this.module.names.get(callee.name) : undefined;
    return called && askedOf(called.block, parameter, called.module);
  }

  private unknownArgument(callee: Expression, argument: Argument, call: Call, parameters: Parameters): void {
    if (callee.kind !== 'reference' || !argument.name) return;
    const { name } = argument;
    this.say((suggests) =>
      messages.unknownArgument(
        callee.name,
        name.text,
        name.span,
        suggests ? parameters.names() : [],
        suggests ? { argument, call } : undefined,
      ),
    );
  }

  /** The parameters of a callee written as a name that means the same everywhere. */
  private parametersOf(callee: Expression): Parameters | undefined {
    if (callee.kind !== 'reference' || this.isBound(callee.name) || this.module.missing.has(callee.name))
      return undefined;
    const block = this.module.names.get(callee.name)?.block;
    if (block) return parametersOfBlock(block);
    const builtin = builtins.get(callee.name);
    return builtin && parametersOfBuiltin(builtin);
  }
}

/** What is known of parameters before evaluation. */
interface WrittenParameter {
  readonly name: string;
  readonly type: string | undefined;
}

interface Parameters {
  at(place: number): WrittenParameter | undefined;
  named(name: string): WrittenParameter | undefined;
  names(): readonly string[];
}

function parametersOfBlock(block: Block): Parameters {
  const written = (parameter: Parameter | undefined): WrittenParameter | undefined =>
    parameter && { name: parameter.name.text, type: parameter.type?.name };
  return {
    at: (place) => written(block.parameters[place]),
    named: (name) => written(parametersByName(block).get(name)),
    names: () => [...parametersByName(block).keys()],
  };
}

function parametersOfBuiltin({ names, role }: Builtin): Parameters {
  const written = (name: string): WrittenParameter => ({
    name,
    type: name === 'init' ? 'Initializer' : role === 'tensor' ? 'Tensor' : undefined,
  });
  return {
    at: (place) => names.slice(place, place + 1).map(written)[0],
    named: (name) => (names.includes(name) ? written(name) : undefined),
    names: () => names,
  };
}

const numberTypes: ReadonlySet<string> = new Set(['int', 'float', 'bool', 'string', 'size', 'list']);

/** Names that other languages use for the modules of layers and functions, or for their own object. */
const foreignModules: ReadonlySet<string> = new Set([
  ...['nn', 'torch', 'F', 'tf', 'keras', 'layers', 'np', 'numpy', 'math', 'jnp', 'K', 'self'],
]);

/** Finds the first name of `a.b.c`. */
function headOf(node: Expression): Reference | undefined {
  if (node.kind === 'member') return headOf(node.value);
  return node.kind === 'reference' ? node : undefined;
}

/** Gives the kind of value that a path changes. */
function placeOfPath([head, , third]: readonly string[]): Place {
  if (head === 'optimize') return { context: 'optimizer', use: 'passed' };
  if (head === 'loss') return { context: 'loss', use: third === undefined ? 'computed' : 'passed' };
  return { context: 'binding', use: 'passed' };
}
