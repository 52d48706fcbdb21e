/** Prints an AST as canonical text, as `spadework fmt` does. Parsing the text gives the same tree, except for spans. */
import type {
  Ablation,
  AblationPart,
  Argument,
  Binary,
  BinaryOperator,
  Block,
  Call,
  Change,
  Comments,
  Declaration,
  Entry,
  Experiment,
  ExperimentItem,
  Expression,
  File,
  If,
  Label,
  Matching,
  Name,
  Optimize,
  Parameter,
  Path,
  Statement,
  Train,
  TypeName,
  Use,
  Variant,
} from './ast.ts';

/** Lines longer than this are broken where the syntax allows it. */
const lineWidth = 100;
const step = '  ';

/** Prints a file in canonical form; every comment is kept. */
export function print(file: File): string {
  const uses = file.uses.map((use) => printUse(use)).join('');
  const sections = [uses, ...file.declarations.map((declaration) => printDeclaration(declaration))];
  if (file.trailing.length > 0) sections.push(commentLines(file.trailing, ''));
  return sections.filter((section) => section !== '').join('\n');
}

/** Prints an expression on one line, for messages and reports. */
export function printExpression(expression: Expression): string {
  return flat(expression);
}

// ----------------------------------------------------------------------------------------------- comments

function commentLines(lines: readonly string[], indent: string): string {
  return lines.map((line) => `${indent}${line === '' ? '#' : `# ${line}`}\n`).join('');
}

/** Adds a node's comments to its text, which has no indent and no final line break. */
function withComments(comments: Comments, indent: string, text: string): string {
  const detached = comments.detached.map((group) => `${commentLines(group, indent)}\n`).join('');
  const after = comments.after === undefined ? '' : `  # ${comments.after}`.trimEnd();
  return [
    comments.gap ? '\n' : '',
    detached,
    commentLines(comments.before, indent),
    `${indent}${text}${after}\n`,
    commentLines(comments.below, indent),
  ].join('');
}

// ------------------------------------------------------------------------------------------- declarations

function printUse(use: Use): string {
  const module = use.file ? printText(use.module) : use.module;
  const names = use.names.map(({ text }) => text);
  const line = `use ${module} { ${names.join(', ')} }`;
  const broken = `use ${module} {\n${names.map((name) => `${step}${name},\n`).join('')}}`;
  return withComments(use.comments, '', line.length <= lineWidth ? line : broken);
}

function printDeclaration(declaration: Declaration): string {
  return withComments(declaration.comments, '', declarationText(declaration));
}

function declarationText(declaration: Declaration): string {
  switch (declaration.kind) {
    case 'block':
      return printBlock(declaration);
    case 'alias':
      return `block ${declaration.name.text} = ${declaration.target.text}`;
    case 'experiment':
      return printExperiment(declaration);
    case 'variant':
      return printVariant(declaration);
    case 'ablation':
      return printAblation(declaration);
  }
}

function printBlock(block: Block): string {
  const parameters = block.parameters.map((parameter) => printParameter(parameter));
  const start = `${block.keyword} ${block.name.text}`;
  const end = `${block.result === undefined ? '' : ` -> ${printType(block.result)}`} {`;
  const line = `${start}(${parameters.join(', ')})${end}`;
  const lines = block.parameters.map((parameter) =>
    withComments(parameter.comments, step, `${printParameter(parameter)},`),
  );
  const isSpaced = block.parameters.some(({ comments }) => comments.gap || isCommented(comments));
  const isShort = line.length <= lineWidth && !isSpaced;
  const header = isShort || lines.length === 0 ? line : `${start}(\n${lines.join('')})${end}`;
  return `${header}${bodyLines(block.body, '')}}`;
}

function printParameter(parameter: Parameter): string {
  const type = parameter.type === undefined ? '' : `: ${printType(parameter.type)}`;
  const fallback = parameter.default === undefined ? '' : ` = ${flat(parameter.default)}`;
  return `${parameter.name.text}${type}${fallback}`;
}

function printType(type: TypeName): string {
  return `${type.name}${type.optional ? '?' : ''}`;
}

function printExperiment(experiment: Experiment): string {
  const items = experiment.items.map((item) => withComments(item.comments, step, printItem(item, step)));
  return `experiment ${experiment.name.text} {${inBraces(items, '')}}`;
}

function printVariant({ name, base, changes }: Variant): string {
  return `experiment ${name.text} = ${base.text} with {${changeLines(changes, '')}}`;
}

function changeLines(changes: readonly Change[], indent: string): string {
  const inner = indent + step;
  const lines = changes.map((change) => withComments(change.comments, inner, printChange(change, inner)));
  return inBraces(lines, indent);
}

function printChange(change: Change, indent: string): string {
  return change.kind === 'override'
    ? printValue(`${printPath(change.path)} = `, change.value, indent)
    : printItem(change, indent);
}

/** Prints a path: `G.norm`. */
export function printPath(path: Path): string {
  return path.map(({ text }) => text).join('.');
}

function printAblation({ name, base, parts }: Ablation): string {
  const lines = parts.map((part) => withComments(part.comments, step, printPart(part, step)));
  return `ablation ${name.text} of ${base.text} {${inBraces(lines, '')}}`;
}

function printPart(part: AblationPart, indent: string): string {
  switch (part.kind) {
    case 'axis': {
      const name = part.name === undefined ? '' : `${part.name.text}: `;
      return printValue(`${name}${printPath(part.path)} in `, part.values, indent);
    }
    case 'case':
      return `case ${part.name.text} {${changeLines(part.changes, indent)}}`;
    case 'shared':
      return `with {${changeLines(part.changes, indent)}}`;
    case 'exclusion':
      return `except ${part.matchings.map((matching) => printMatching(matching)).join(' and ')}`;
    case 'seeds':
      return printValue('seeds: ', part.value, indent);
  }
}

function printMatching({ path, values }: Matching): string {
  const [only, ...others] = values;
  const isOne = only !== undefined && others.length === 0;
  const choice = isOne
    ? `== ${flatOperand(only, Precedence.Sum)}`
    : `in [${values.map((value) => flat(value)).join(', ')}]`;
  return `${printPath(path)} ${choice}`;
}

function printItem(item: ExperimentItem, indent: string): string {
  switch (item.kind) {
    case 'data':
      return printValue(`data ${item.name.text} `, item.settings, indent);
    case 'load': {
      const naming = item.mapping === undefined ? '' : ` naming ${printText(item.mapping.value)}`;
      return `load ${item.network.text} from ${printText(item.path.value)}${naming}`;
    }
    case 'loss':
      return printValue(`loss ${listNames(item.networks)} = `, item.value, indent);
    case 'train':
      return printTrain(item, indent);
    case 'let':
    case 'assignment':
      return printStatement(item, indent);
  }
}

function printTrain(train: Train, indent: string): string {
  const inner = indent + step;
  const printOptimize = (node: Optimize): string =>
    printValue(`optimize ${listNames(node.networks)} with `, node.optimizer, inner);
  const lines = [
    ...train.settings.map((entry) => withComments(entry.comments, inner, printEntry(entry, inner))),
    ...train.optimizers.map((node) => withComments(node.comments, inner, printOptimize(node))),
  ];
  return `train {${inBraces(lines, indent)}}`;
}

function listNames(names: readonly Name[]): string {
  return names.map(({ text }) => text).join(', ');
}

function printEntry(entry: Entry, indent: string): string {
  return printValue(`${entry.name.text}: `, entry.value, indent);
}

// --------------------------------------------------------------------------------------------- statements

/** Puts lines between braces; the braces are indented by `indent`. */
function inBraces(lines: readonly string[], indent: string): string {
  return lines.length === 0 ? '' : `\n${lines.join('')}${indent}`;
}

function bodyLines(body: readonly Statement[], indent: string): string {
  const inner = indent + step;
  return inBraces(
    body.map((statement) => withComments(statement.comments, inner, printStatement(statement, inner))),
    indent,
  );
}

function printStatement(statement: Statement, indent: string): string {
  switch (statement.kind) {
    case 'assignment':
      return printValue(`${statement.name.text} = `, statement.value, indent);
    case 'let':
      return printValue(`let ${statement.name.text} = `, statement.value, indent);
    case 'return':
      return printValue('return ', statement.value, indent);
    case 'if':
      return printIf(statement, indent);
    case 'for': {
      const header = printValue(`for ${statement.variable.text} in `, statement.list, indent, ' {');
      return `${header} {${bodyLines(statement.body, indent)}}`;
    }
  }
}

function printIf(statement: If, indent: string): string {
  const header = printValue('if ', statement.condition, indent, ' {');
  const then = `${header} {${bodyLines(statement.then, indent)}}`;
  if (statement.otherwise === undefined) return then;
  const [only, ...others] = statement.otherwise;
  // A commented `if` needs its own line, so its braces stay.
  if (only?.kind === 'if' && others.length === 0 && !isCommented(only.comments)) {
    return `${then} else ${printIf(only, indent)}`;
  }
  return `${then} else {${bodyLines(statement.otherwise, indent)}}`;
}

function isCommented({ detached, before, after, below }: Comments): boolean {
  return detached.length > 0 || before.length > 0 || after !== undefined || below.length > 0;
}

// ------------------------------------------------------------------------------------- expressions, broken

/** Prints `head` and an expression, on several lines if one is too short; `tail` must fit after it. */
function printValue(head: string, value: Expression, indent: string, tail = ''): string {
  return head + layout(value, indent, indent.length + head.length, tail.length);
}

/** Prints an expression that starts at `column` of a line with `indent`; `room` columns stay free after it. */
function layout(expression: Expression, indent: string, column: number, room: number): string {
  if (!mustBreak(expression)) {
    const line = flat(expression);
    if (column + line.length + room <= lineWidth) return line;
  }
  const inner = indent + step;
  switch (expression.kind) {
    case 'pipeline': {
      const input = layoutOperand(expression.input, Precedence.Or, inner, column);
      const stages = expression.stages.map(
        (stage) => `\n${inner}|> ${layoutCall(stage, true, inner, inner.length + 3)}`,
      );
      return input + stages.join('');
    }
    case 'conditional': {
      const condition = layout(expression.condition, inner, column + 3, 0);
      const then = layout(expression.then, inner, inner.length + 5, 0);
      const otherwise = layout(expression.otherwise, inner, inner.length + 5, room);
      return `if ${condition}\n${inner}then ${then}\n${inner}else ${otherwise}`;
    }
    case 'binary': {
      const [left, right] = operandPrecedence(expression.operator);
      const start = layoutOperand(expression.left, left, indent, column);
      const end = layoutOperand(
        expression.right,
        right,
        inner,
        inner.length + expression.operator.length + 1,
        room,
      );
      return `${start}\n${inner}${expression.operator} ${end}`;
    }
    case 'call':
      return layoutCall(expression, false, indent, column);
    case 'list':
      return broken('[', expression.items, ']', indent, (item) => layout(item, inner, inner.length, 1));
    case 'comprehension': {
      const item = layout(expression.item, inner, inner.length, 0);
      const condition =
        expression.condition === undefined ? '' : `\n${inner}if ${flat(expression.condition)}`;
      const clause = `for ${expression.variable.text} in ${flat(expression.list)}`;
      return `[\n${inner}${item}\n${inner}${clause}${condition}\n${indent}]`;
    }
    case 'record': {
      const entries = expression.entries.map((entry) =>
        withComments(entry.comments, inner, printEntry(entry, inner)),
      );
      return `{${inBraces(entries, indent)}}`;
    }
    default:
      return flat(expression);
  }
}

/** Tells whether comments or blank lines force an expression onto several lines. */
function mustBreak(expression: Expression): boolean {
  return (
    expression.kind === 'record' &&
    expression.entries.some(({ comments }) => comments.gap || isCommented(comments))
  );
}

function layoutOperand(
  operand: Expression,
  precedence: number,
  indent: string,
  column: number,
  room = 0,
): string {
  if (precedenceOf(operand) >= precedence) return layout(operand, indent, column, room);
  return `(${layout(operand, indent, column + 1, room + 1)})`;
}

function layoutCall(call: Call, isStage: boolean, indent: string, column: number): string {
  const line = isStage ? flatStage(call) : flat(call);
  if (column + line.length <= lineWidth || call.arguments.length === 0) return line;
  const inner = indent + step;
  const callee = flatOperand(call.callee, Precedence.Postfix);
  const list = broken('(', call.arguments, ')', indent, (argument) => {
    const name = argument.name === undefined ? '' : `${argument.name.text}: `;
    return name + layout(argument.value, inner, inner.length + name.length, 1);
  });
  return `${callee}${list}${labelOf(call.label)}`;
}

/** Prints items between brackets, one per line, with a comma after each. */
function broken<T>(
  open: string,
  items: readonly T[],
  close: string,
  indent: string,
  printItem: (item: T) => string,
): string {
  const lines = items.map((item) => `${indent}${step}${printItem(item)},\n`);
  return `${open}\n${lines.join('')}${indent}${close}`;
}

// -------------------------------------------------------------------------------- expressions, on one line

/** Operator precedences; an operand of lower precedence than its place requires gets parentheses. */
const Precedence = {
  Conditional: 0,
  Pipeline: 1,
  Or: 2,
  And: 3,
  Not: 4,
  Comparison: 5,
  Sum: 6,
  Product: 7,
  Unary: 8,
  Power: 9,
  Postfix: 10,
  Primary: 11,
} as const;

const binaryPrecedence: Readonly<Record<BinaryOperator, number>> = {
  or: Precedence.Or,
  and: Precedence.And,
  '==': Precedence.Comparison,
  '!=': Precedence.Comparison,
  '<': Precedence.Comparison,
  '<=': Precedence.Comparison,
  '>': Precedence.Comparison,
  '>=': Precedence.Comparison,
  '+': Precedence.Sum,
  '-': Precedence.Sum,
  '*': Precedence.Product,
  '/': Precedence.Product,
  '//': Precedence.Product,
  '%': Precedence.Product,
  '**': Precedence.Power,
};

function precedenceOf(expression: Expression): number {
  switch (expression.kind) {
    case 'conditional':
      return Precedence.Conditional;
    case 'pipeline':
      return Precedence.Pipeline;
    case 'binary':
      return binaryPrecedence[expression.operator];
    case 'unary':
      return expression.operator === 'not' ? Precedence.Not : Precedence.Unary;
    case 'call':
      // Text after a label would be parsed as part of the label.
      return expression.label === undefined ? Precedence.Postfix : Precedence.Power;
    case 'member':
    case 'index':
      return Precedence.Postfix;
    default:
      return Precedence.Primary;
  }
}

/** Gives the precedence that the left and the right operand need: chains nest to the left, comparisons do not chain. */
function operandPrecedence(operator: BinaryOperator): readonly [left: number, right: number] {
  const own = binaryPrecedence[operator];
  if (own === Precedence.Power) return [Precedence.Postfix, Precedence.Unary];
  return [own === Precedence.Comparison ? Precedence.Sum : own, own + 1];
}

function flatOperand(operand: Expression, precedence: number): string {
  const text = flat(operand);
  return precedenceOf(operand) >= precedence ? text : `(${text})`;
}

function flat(expression: Expression): string {
  switch (expression.kind) {
    case 'number':
      return printNumber(expression.value, expression.integer);
    case 'string':
      return printText(expression.value);
    case 'boolean':
      return String(expression.value);
    case 'none':
      return 'none';
    case 'size':
      return `${expression.width}x${expression.height}`;
    case 'reference':
      return expression.name;
    case 'list':
      return `[${expression.items.map((item) => flat(item)).join(', ')}]`;
    case 'comprehension': {
      const condition = expression.condition === undefined ? '' : ` if ${flat(expression.condition)}`;
      return `[${flat(expression.item)} for ${expression.variable.text} in ${flat(expression.list)}${condition}]`;
    }
    case 'record': {
      const entries = expression.entries.map(({ name, value }) => `${name.text}: ${flat(value)}`);
      return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
    }
    case 'unary':
      return expression.operator === 'not'
        ? `not ${flatOperand(expression.operand, Precedence.Not)}`
        : `-${flatOperand(expression.operand, Precedence.Unary)}`;
    case 'binary':
      return flatBinary(expression);
    case 'conditional': {
      const { condition, then, otherwise } = expression;
      return `if ${flat(condition)} then ${flat(then)} else ${flat(otherwise)}`;
    }
    case 'member':
      return `${flatOperand(expression.value, Precedence.Postfix)}.${expression.name.text}`;
    case 'index':
      return `${flatOperand(expression.value, Precedence.Postfix)}[${flat(expression.index)}]`;
    case 'call':
      return `${flatOperand(expression.callee, Precedence.Postfix)}${flatArguments(expression.arguments)}${labelOf(expression.label)}`;
    case 'pipeline': {
      const stages = expression.stages.map((stage) => ` |> ${flatStage(stage)}`);
      return flatOperand(expression.input, Precedence.Or) + stages.join('');
    }
  }
}

function flatBinary({ operator, left, right }: Binary): string {
  const [leftPrecedence, rightPrecedence] = operandPrecedence(operator);
  return `${flatOperand(left, leftPrecedence)} ${operator} ${flatOperand(right, rightPrecedence)}`;
}

/** Prints a stage; a stage without arguments has no parentheses. */
function flatStage(stage: Call): string {
  const list = stage.arguments.length === 0 ? '' : flatArguments(stage.arguments);
  return `${flatOperand(stage.callee, Precedence.Postfix)}${list}${labelOf(stage.label)}`;
}

function flatArguments(list: readonly Argument[]): string {
  const items = list.map(({ name, value }) => `${name === undefined ? '' : `${name.text}: `}${flat(value)}`);
  return `(${items.join(', ')})`;
}

function labelOf(label: Label | undefined): string {
  if (label === undefined) return '';
  return ` as ${label.name.text}${label.index === undefined ? '' : `[${flat(label.index)}]`}`;
}

/** Prints a number so that it parses to the same value, and as a float if it was one: `2.0`, `0.9`, `1e-4`. */
export function printNumber(value: number, integer: boolean): string {
  if (integer) return String(value);
  const isPlain = value === 0 || (value >= 1e-3 && value < 1e6);
  const text = isPlain ? String(value) : value.toExponential().replace('e+', 'e');
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** Prints a text in quotes, on one line. */
export function printText(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return `"${escaped}"`;
}
