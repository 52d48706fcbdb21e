/** Converts the concrete syntax tree to the AST: nests operators by precedence, reads literals, and limits depth. */
import { brokenInvariant } from './errors.ts';
import type { CstNode, IToken } from 'chevrotain';
import type * as ast from './ast.ts';
import { children } from './ast.ts';
import { attachComments, noComments } from './comments.ts';
import type * as cst from './cst.ts';
import { mostMistakes, type Diagnostic } from './diagnostic.ts';
import { nestedTooDeep, numberOutOfRange, unknownEscape } from './messages.ts';
import { type Source, type Span, span } from './source.ts';
import type { LexedText } from './tokens.ts';

/** Builds the AST of a file; mistakes inside literals (escapes, ranges) are added to `diagnostics`. */
export function toAst(
  file: cst.FileCstNode,
  source: Source,
  lexed: LexedText,
  diagnostics: Diagnostic[],
): ast.File {
  const tree = new AstBuilder(source, diagnostics).file(file);
  const declarations = tree.declarations.filter((declaration) => {
    const deep = deepest(declaration);
    if (deep !== undefined) diagnostics.push(nestedTooDeep(deep.span, deep.inStatements));
    return deep === undefined;
  });
  return attachComments({ ...tree, declarations }, lexed);
}

/** Builds the AST of a change by path given as a separate text. */
export function toOverride(
  tree: cst.OverrideCstNode,
  source: Source,
  diagnostics: Diagnostic[],
): ast.Override | undefined {
  const override = new AstBuilder(source, diagnostics).override(tree);
  const deep = deepest(override);
  if (deep !== undefined) diagnostics.push(nestedTooDeep(deep.span, deep.inStatements));
  return diagnostics.length === 0 ? override : undefined;
}

/** The deepest nesting of AST nodes; functions that walk the tree by recursion rely on this limit. */
const depthLimit = 500;

/**
 * Finds a node below the depth limit (a chain of a thousand operators reaches it too), and whether it lies in
 * statements.
 */
function deepest(root: ast.Node): { readonly span: Span; readonly inStatements: boolean } | undefined {
  let level = [{ node: root, statements: 0 }];
  for (let depth = 0; depth < depthLimit && level.length > 0; depth += 1)
    level = level.flatMap(({ node, statements }) =>
      children(node).map((child) => ({
        node: child,
        statements: statements + (child.kind === 'if' || child.kind === 'for' ? 1 : 0),
      })),
    );
  const [deep] = level;
  return deep && { span: deep.node.span, inStatements: deep.statements > depthLimit / 2 };
}

/** Takes the first element; the grammar guarantees that it exists. */
function first<T>(elements: readonly T[] | undefined): T {
  const element = elements?.[0];
  if (element === undefined) throw brokenInvariant('the syntax tree lacks an element of its rule');
  return element;
}

function second<T>(elements: readonly T[] | undefined): T {
  return nth(elements, 1);
}

function nth<T>(elements: readonly T[] | undefined, at: number): T {
  return first(elements?.slice(at, at + 1));
}

class AstBuilder {
  private readonly source: Source;
  private readonly diagnostics: Diagnostic[];

  constructor(source: Source, diagnostics: Diagnostic[]) {
    this.source = source;
    this.diagnostics = diagnostics;
  }

  file(node: cst.FileCstNode): ast.File {
    const { use = [], block = [], experiment = [], ablation = [] } = node.children;
    const declarations: ast.Declaration[] = [
      ...block.map((child) => this.block(child)),
      ...experiment.map((child) => this.experiment(child)),
      ...ablation.map((child) => this.ablation(child)),
    ];
    return {
      kind: 'file',
      source: this.source,
      uses: use.map((child) => this.use(child)),
      declarations: declarations.sort((a, b) => a.span.start - b.span.start),
      trailing: [],
      span: span(this.source, 0, this.source.text.length),
    };
  }

  // ------------------------------------------------------------------------------------------- declarations

  private use(node: cst.UseCstNode): ast.Use {
    const { modulePath, StringText, Identifier } = node.children;
    const path = modulePath?.[0];
    return {
      kind: 'use',
      module:
        path === undefined
          ? this.text(first(StringText))
          : path.children.Identifier.map((token) => token.image).join('/'),
      file: path === undefined,
      names: Identifier.map((token) => this.name(token)),
      comments: noComments(),
      span: this.at(node),
    };
  }

  private block(node: cst.BlockCstNode): ast.Block | ast.Alias {
    const { Network, Identifier, definition } = node.children;
    const common = { name: this.name(first(Identifier)), comments: noComments(), span: this.at(node) };
    if (definition === undefined) return { kind: 'alias', ...common, target: this.name(second(Identifier)) };
    const { parameters, type, body } = first(definition).children;
    const list = first(parameters).children.parameter ?? [];
    return {
      kind: 'block',
      keyword: Network === undefined ? 'block' : 'network',
      ...common,
      parameters: list.map((child) => this.parameter(child)),
      result: type === undefined ? undefined : this.type(first(type)),
      body: this.body(first(body)),
    };
  }

  private parameter(node: cst.ParameterCstNode): ast.Parameter {
    const { Identifier, type, expression } = node.children;
    return {
      kind: 'parameter',
      name: this.name(first(Identifier)),
      type: type === undefined ? undefined : this.type(first(type)),
      default: expression === undefined ? undefined : this.expression(first(expression)),
      comments: noComments(),
      span: this.at(node),
    };
  }

  private type(node: cst.TypeCstNode): ast.TypeName {
    const { Identifier, Question } = node.children;
    return {
      kind: 'type',
      name: first(Identifier).image,
      optional: Question !== undefined,
      span: this.at(node),
    };
  }

  private experiment(node: cst.ExperimentCstNode): ast.Experiment | ast.Variant {
    const { Identifier, experimentBody, changes } = node.children;
    const common = { name: this.name(first(Identifier)), comments: noComments(), span: this.at(node) };
    if (changes !== undefined) {
      const base = this.name(second(Identifier));
      return { kind: 'variant', ...common, base, changes: this.changes(first(changes)) };
    }
    const items = first(experimentBody).children.item ?? [];
    return { kind: 'experiment', ...common, items: items.map((child) => this.item(child)) };
  }

  private changes(node: cst.ChangesCstNode): ast.Change[] {
    return (node.children.change ?? []).map(({ children: { override, item } }) =>
      override === undefined ? this.item(first(item)) : this.override(first(override)),
    );
  }

  /** Builds a change by path. */
  override(node: cst.OverrideCstNode): ast.Override {
    const { path, expression } = node.children;
    return {
      kind: 'override',
      path: this.path(first(path)),
      value: this.expression(first(expression)),
      comments: noComments(),
      span: this.at(node),
    };
  }

  private path(node: cst.PathCstNode): ast.Path {
    return this.named(node.children.Identifier);
  }

  private ablation(node: cst.AblationCstNode): ast.Ablation {
    const { Identifier, ablationBody } = node.children;
    return {
      kind: 'ablation',
      name: this.name(first(Identifier)),
      base: this.name(second(Identifier)),
      parts: (first(ablationBody).children.part ?? []).map((child) => this.part(child)),
      comments: noComments(),
      span: this.at(node),
    };
  }

  private part(node: cst.PartCstNode): ast.AblationPart {
    const { shared, case: variant, exclusion, seeds, axis } = node.children;
    const common = { comments: noComments(), span: this.at(node) };
    if (shared !== undefined)
      return { kind: 'shared', changes: this.changes(first(first(shared).children.changes)), ...common };
    if (variant !== undefined) {
      const { Identifier, changes } = first(variant).children;
      const name = this.name(first(Identifier));
      return { kind: 'case', name, changes: this.changes(first(changes)), ...common };
    }
    if (exclusion !== undefined) {
      const matchings = first(exclusion).children.matching.map((child) => this.matching(child));
      return { kind: 'exclusion', matchings, ...common };
    }
    if (seeds !== undefined)
      return { kind: 'seeds', value: this.expression(first(first(seeds).children.expression)), ...common };
    const { Identifier, path, values, record } = first(axis).children;
    return {
      kind: 'axis',
      name: Identifier === undefined ? undefined : this.name(first(Identifier)),
      path: this.path(first(path)),
      values: values === undefined ? this.record(first(record)) : this.values(first(values)),
      ...common,
    };
  }

  private matching(node: cst.MatchingCstNode): ast.Matching {
    const { path, sum, values } = node.children;
    return {
      kind: 'matching',
      path: this.path(first(path)),
      values: sum === undefined ? this.values(first(values)).items : [this.sum(first(sum))],
      span: this.at(node),
    };
  }

  private values(node: cst.ValuesCstNode): ast.ListLiteral {
    const { expression = [] } = node.children;
    return { kind: 'list', items: expression.map((child) => this.expression(child)), span: this.at(node) };
  }

  private item(node: cst.ItemCstNode): ast.ExperimentItem {
    const { data, loadItem, loss, train, letStatement, assignment } = node.children;
    if (data !== undefined) return this.data(first(data));
    if (loadItem !== undefined) return this.load(first(loadItem));
    if (loss !== undefined) return this.loss(first(loss));
    if (train !== undefined) return this.train(first(train));
    if (letStatement !== undefined) return this.let(first(letStatement));
    return this.assignment(first(assignment));
  }

  private data(node: cst.DataCstNode): ast.Data {
    const { Identifier, record } = node.children;
    return {
      kind: 'data',
      name: this.name(first(Identifier)),
      settings: this.record(first(record)),
      comments: noComments(),
      span: this.at(node),
    };
  }

  private record(node: cst.RecordCstNode): ast.RecordLiteral {
    const entries = (node.children.entry ?? []).map((child) => this.entry(child));
    return { kind: 'record', entries, span: this.at(node) };
  }

  private entry(node: cst.EntryCstNode): ast.Entry {
    const { Identifier, expression } = node.children;
    return {
      kind: 'entry',
      name: this.name(first(Identifier)),
      value: this.expression(first(expression)),
      comments: noComments(),
      span: this.at(node),
    };
  }

  private load(node: cst.LoadItemCstNode): ast.Load {
    const { Identifier, StringText, Naming } = node.children;
    return {
      kind: 'load',
      network: this.name(first(Identifier)),
      path: this.string(first(StringText)),
      mapping: Naming === undefined ? undefined : this.string(second(StringText)),
      comments: noComments(),
      span: this.at(node),
    };
  }

  private loss(node: cst.LossCstNode): ast.Loss {
    const { names, expression } = node.children;
    return {
      kind: 'loss',
      networks: this.names(first(names)),
      value: this.expression(first(expression)),
      comments: noComments(),
      span: this.at(node),
    };
  }

  private train(node: cst.TrainCstNode): ast.Train {
    const { setting = [] } = node.children;
    return {
      kind: 'train',
      settings: setting.flatMap(({ children }) => (children.entry ?? []).map((child) => this.entry(child))),
      optimizers: setting.flatMap(({ children }) =>
        (children.optimize ?? []).map((child) => this.optimize(child)),
      ),
      comments: noComments(),
      span: this.at(node),
    };
  }

  private optimize(node: cst.OptimizeCstNode): ast.Optimize {
    const { names, expression } = node.children;
    return {
      kind: 'optimize',
      networks: this.names(first(names)),
      optimizer: this.expression(first(expression)),
      comments: noComments(),
      span: this.at(node),
    };
  }

  // --------------------------------------------------------------------------------------------- statements

  private body(node: cst.BodyCstNode): ast.Statement[] {
    return (node.children.statement ?? []).map((child) => this.statement(child));
  }

  private statement(node: cst.StatementCstNode): ast.Statement {
    const { assignment, letStatement, returnStatement, ifStatement, forStatement } = node.children;
    if (assignment !== undefined) return this.assignment(first(assignment));
    if (letStatement !== undefined) return this.let(first(letStatement));
    if (returnStatement !== undefined) return this.return(first(returnStatement));
    if (ifStatement !== undefined) return this.if(first(ifStatement));
    return this.for(first(forStatement));
  }

  private assignment(node: cst.AssignmentCstNode): ast.Assignment {
    const { Identifier, expression } = node.children;
    return {
      kind: 'assignment',
      name: this.name(first(Identifier)),
      value: this.expression(first(expression)),
      comments: noComments(),
      span: this.at(node),
    };
  }

  private let(node: cst.LetStatementCstNode): ast.Let {
    const { Identifier, expression } = node.children;
    return {
      kind: 'let',
      name: this.name(first(Identifier)),
      value: this.expression(first(expression)),
      comments: noComments(),
      span: this.at(node),
    };
  }

  private return(node: cst.ReturnStatementCstNode): ast.Return {
    const value = this.expression(first(node.children.expression));
    return { kind: 'return', value, comments: noComments(), span: this.at(node) };
  }

  private if(node: cst.IfStatementCstNode): ast.If {
    const { expression, body, If } = node.children;
    const { end } = this.at(node);
    const branch = (at: number, otherwise: readonly ast.Statement[] | undefined): ast.If => ({
      kind: 'if',
      condition: this.expression(nth(expression, at)),
      then: this.body(nth(body, at)),
      otherwise,
      comments: noComments(),
      span: span(this.source, nth(If, at).startOffset, end),
    });
    const last = body[expression.length];
    let otherwise: readonly ast.Statement[] | undefined = last && this.body(last);
    // From last to first without recursion, as there may be very many.
    for (let at = expression.length - 1; at > 0; at -= 1) otherwise = [branch(at, otherwise)];
    return branch(0, otherwise);
  }

  private for(node: cst.ForStatementCstNode): ast.For {
    const { Identifier, expression, body } = node.children;
    return {
      kind: 'for',
      variable: this.name(first(Identifier)),
      list: this.expression(first(expression)),
      body: this.body(first(body)),
      comments: noComments(),
      span: this.at(node),
    };
  }

  // -------------------------------------------------------------------------------------------- expressions

  private expression(node: cst.ExpressionCstNode): ast.Expression {
    const { conditional, primary, pipeline } = node.children;
    if (primary !== undefined) return this.primary(first(primary));
    return conditional === undefined ? this.pipeline(first(pipeline)) : this.conditional(first(conditional));
  }

  private conditional(node: cst.ConditionalCstNode): ast.Conditional {
    const { expression } = node.children;
    return {
      kind: 'conditional',
      condition: this.expression(first(expression)),
      then: this.expression(second(expression)),
      otherwise: this.expression(first(expression.slice(2))),
      span: this.at(node),
    };
  }

  private pipeline(node: cst.PipelineCstNode): ast.Expression {
    const { disjunction, stage = [] } = node.children;
    const input = this.disjunction(first(disjunction));
    if (stage.length === 0) return input;
    return { kind: 'pipeline', input, stages: stage.map((child) => this.stage(child)), span: this.at(node) };
  }

  private stage(node: cst.StageCstNode): ast.Call {
    const { Identifier, stageSuffix = [], arguments: list, label } = node.children;
    let callee: ast.Expression = this.reference(first(Identifier));
    for (const { children } of stageSuffix) {
      callee =
        children.member === undefined
          ? this.index(callee, first(children.index))
          : this.member(callee, first(children.member));
    }
    return {
      kind: 'call',
      callee,
      arguments: list === undefined ? [] : this.arguments(first(list)),
      label: label === undefined ? undefined : this.label(first(label)),
      span: this.at(node),
    };
  }

  private disjunction(node: cst.DisjunctionCstNode): ast.Expression {
    const { conjunction, Or } = node.children;
    return this.chain(
      conjunction.map((child) => this.conjunction(child)),
      Or,
    );
  }

  private conjunction(node: cst.ConjunctionCstNode): ast.Expression {
    const { negation, And } = node.children;
    return this.chain(
      negation.map((child) => this.negation(child)),
      And,
    );
  }

  private negation(node: cst.NegationCstNode): ast.Expression {
    const { negation, comparison } = node.children;
    if (negation === undefined) return this.comparison(first(comparison));
    return { kind: 'unary', operator: 'not', operand: this.negation(first(negation)), span: this.at(node) };
  }

  private comparison(node: cst.ComparisonCstNode): ast.Expression {
    const { sum, ComparisonOperator } = node.children;
    return this.chain(
      sum.map((child) => this.sum(child)),
      ComparisonOperator,
    );
  }

  private sum(node: cst.SumCstNode): ast.Expression {
    const { product, AdditiveOperator } = node.children;
    return this.chain(
      product.map((child) => this.product(child)),
      AdditiveOperator,
    );
  }

  private product(node: cst.ProductCstNode): ast.Expression {
    const { unary, MultiplicativeOperator } = node.children;
    return this.chain(
      unary.map((child) => this.unary(child)),
      MultiplicativeOperator,
    );
  }

  private unary(node: cst.UnaryCstNode): ast.Expression {
    const { unary, power } = node.children;
    if (unary === undefined) return this.power(first(power));
    return { kind: 'unary', operator: '-', operand: this.unary(first(unary)), span: this.at(node) };
  }

  private power(node: cst.PowerCstNode): ast.Expression {
    const { postfix, Power, unary = [] } = node.children;
    return this.chain([this.postfix(first(postfix)), ...unary.map((child) => this.unary(child))], Power);
  }

  /** Nests `a - b - c` to the left; `operators[i]` is between `operands[i]` and `operands[i + 1]`. */
  private chain(operands: readonly ast.Expression[], operators: readonly IToken[] = []): ast.Expression {
    return operands.reduce((left, right, position) => ({
      kind: 'binary',
      // The grammar lets only operators through here.
      operator: operators[position - 1]?.image as ast.BinaryOperator,
      left,
      right,
      span: span(this.source, left.span.start, right.span.end),
    }));
  }

  private postfix(node: cst.PostfixCstNode): ast.Expression {
    const { primary, suffix = [] } = node.children;
    return suffix.reduce<ast.Expression>(
      (value, child) => this.suffix(value, child),
      this.primary(first(primary)),
    );
  }

  private suffix(value: ast.Expression, node: cst.SuffixCstNode): ast.Expression {
    const { arguments: list, label, member, index } = node.children;
    if (member !== undefined) return this.member(value, first(member));
    if (index !== undefined) return this.index(value, first(index));
    return {
      kind: 'call',
      callee: value,
      arguments: this.arguments(first(list)),
      label: label === undefined ? undefined : this.label(first(label)),
      span: this.from(value, node),
    };
  }

  private arguments(node: cst.ArgumentsCstNode): ast.Argument[] {
    return (node.children.argument ?? []).map((child) => {
      const { Identifier, expression } = child.children;
      return {
        kind: 'argument',
        name: Identifier === undefined ? undefined : this.name(first(Identifier)),
        value: this.expression(first(expression)),
        span: this.at(child),
      };
    });
  }

  private member(value: ast.Expression, node: cst.MemberCstNode): ast.Member {
    const name = this.name(first(node.children.Identifier));
    return { kind: 'member', value, name, span: this.from(value, node) };
  }

  private index(value: ast.Expression, node: cst.IndexCstNode): ast.Index {
    const index = this.expression(first(node.children.expression));
    return { kind: 'index', value, index, span: this.from(value, node) };
  }

  private label(node: cst.LabelCstNode): ast.Label {
    const { Identifier, index } = node.children;
    return {
      kind: 'label',
      name: this.name(first(Identifier)),
      index: index === undefined ? undefined : this.expression(first(first(index).children.expression)),
      span: this.at(node),
    };
  }

  private primary(node: cst.PrimaryCstNode): ast.Expression {
    const { NumberText, SizeText, StringText, True, False, None, Identifier, list, expression } =
      node.children;
    const place = this.at(node);
    if (NumberText !== undefined) return this.number(first(NumberText), place);
    if (SizeText !== undefined) return this.size(first(SizeText), place);
    if (StringText !== undefined) return this.string(first(StringText));
    if (True !== undefined) return { kind: 'boolean', value: true, span: place };
    if (False !== undefined) return { kind: 'boolean', value: false, span: place };
    if (None !== undefined) return { kind: 'none', span: place };
    if (Identifier !== undefined) return this.reference(first(Identifier));
    if (list !== undefined) return this.list(first(list));
    // The span includes the parentheses, so that messages underline them too.
    return { ...this.expression(first(expression)), span: place };
  }

  private list(node: cst.ListCstNode): ast.ListLiteral | ast.Comprehension {
    const { expression = [], comprehension } = node.children;
    if (comprehension === undefined) {
      return { kind: 'list', items: expression.map((child) => this.expression(child)), span: this.at(node) };
    }
    const clause = first(comprehension).children;
    return {
      kind: 'comprehension',
      item: this.expression(first(expression)),
      variable: this.name(first(clause.Identifier)),
      list: this.expression(first(clause.expression)),
      condition: clause.If === undefined ? undefined : this.expression(second(clause.expression)),
      span: this.at(node),
    };
  }

  // ------------------------------------------------------------------------------------------------- leaves

  private number(token: IToken, place: Span): ast.NumberLiteral {
    const value = Number(token.image);
    const integer = /^\d+$/.test(token.image);
    if (!Number.isFinite(value) || (integer && !Number.isSafeInteger(value))) {
      this.say(() => numberOutOfRange(place));
    }
    return { kind: 'number', value, integer, span: place };
  }

  private size(token: IToken, place: Span): ast.SizeLiteral {
    const [width, height] = token.image.split('x').map(Number);
    return { kind: 'size', width: width ?? 0, height: height ?? 0, span: place };
  }

  /** Reports a mistake, up to the limit for one text. */
  private say(make: () => Diagnostic): void {
    if (this.diagnostics.length <= mostMistakes) this.diagnostics.push(make());
  }

  /** Gives the text of a string token without its quotes and with its escapes resolved. */
  private text(token: IToken): string {
    const inner = token.image.slice(1, -1);
    return inner.replace(/\\(.)/g, (escape: string, character: string, offset: number) => {
      if (character === 'n') return '\n';
      if (character !== '"' && character !== '\\') {
        const start = token.startOffset + 1 + offset;
        this.say(() => unknownEscape(escape, span(this.source, start, start + 2)));
      }
      return character;
    });
  }

  private reference(token: IToken): ast.Reference {
    return { kind: 'reference', name: token.image, span: this.place(token) };
  }

  private name(token: IToken): ast.Name {
    return { kind: 'name', text: token.image, span: this.place(token) };
  }

  private names(node: cst.NamesCstNode): readonly [ast.Name, ...ast.Name[]] {
    return this.named(node.children.Identifier);
  }

  private named([token, ...others]: readonly IToken[]): readonly [ast.Name, ...ast.Name[]] {
    return [this.name(first(token && [token])), ...others.map((other) => this.name(other))];
  }

  private string(token: IToken): ast.StringLiteral {
    return { kind: 'string', value: this.text(token), span: this.place(token) };
  }

  private place(token: IToken): Span {
    return span(this.source, token.startOffset, token.startOffset + token.image.length);
  }

  private at(node: CstNode): Span {
    const { startOffset, endOffset } = node.location ?? {};
    return span(this.source, startOffset ?? 0, (endOffset ?? -1) + 1);
  }

  /** Spans from the start of a value to the end of the suffix after it. */
  private from(value: ast.Expression, suffix: CstNode): Span {
    return span(this.source, value.span.start, this.at(suffix).end);
  }
}
